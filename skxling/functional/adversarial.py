"""A map and a discriminator that are trained against each other."""

import math
from typing import NamedTuple

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, leaky_relu

_SLOPE = 0.2  # of the leaky ReLU where its argument is negative


class Discriminator(NamedTuple):
    """Weights of a network with two hidden layers, which tells mapped source rows from target rows.

    Attributes
    ----------
    first : Tensor of shape (n_components, n_hidden)
        From rows to the first hidden layer.

    first_bias : Tensor of shape (n_hidden,)
        Its biases.

    second : Tensor of shape (n_hidden, n_hidden)
        From the first to the second hidden layer.

    second_bias : Tensor of shape (n_hidden,)
        Its biases.

    output : Tensor of shape (n_hidden,)
        From the second hidden layer to the score.

    output_bias : Tensor of shape ()
        Its bias.
    """

    first: torch.Tensor
    first_bias: torch.Tensor
    second: torch.Tensor
    second_bias: torch.Tensor
    output: torch.Tensor
    output_bias: torch.Tensor


class Adversaries(NamedTuple):
    """Value of :func:`adversarial_step`.

    Attributes
    ----------
    mapping : Tensor of shape (d_source, d_target)
        W after the step.

    discriminator : Discriminator
        Its weights after the step.

    loss : Tensor of shape ()
        The discriminator's loss before the step; log 4 where it cannot tell the two apart.
    """

    mapping: torch.Tensor
    discriminator: Discriminator
    loss: torch.Tensor


def random_discriminator(n_components, n_hidden, *, generator):
    """Draw the weights that a discriminator starts with.

    Parameters
    ----------
    n_components : int
        Number of components of the rows, at least 1.

    n_hidden : int
        Number of units of either hidden layer, at least 1.

    generator : torch.Generator
        Where weights are drawn from; they lie on its device.

    Returns
    -------
    discriminator : Discriminator
        In single precision: weights are uniform, within one over the root of the number of units
        before them; biases are zero.
    """

    def draw(n_inputs, *shape):
        weights = torch.empty(n_inputs, *shape, device=generator.device)
        return weights.uniform_(-1, 1, generator=generator).div_(math.sqrt(n_inputs))

    zeros = torch.zeros(n_hidden, device=generator.device)
    first, second = draw(n_components, n_hidden), draw(n_hidden, n_hidden)
    return Discriminator(first, zeros, second, zeros, draw(n_hidden), zeros.new_zeros(()))


def _forward(discriminator, Z):
    """Scores of rows, and the hidden layers on the way."""
    first, first_bias, second, second_bias, output, output_bias = discriminator
    hidden_1 = leaky_relu(torch.addmm(first_bias, Z, first), _SLOPE)  # (n, h)
    hidden_2 = leaky_relu(torch.addmm(second_bias, hidden_1, second), _SLOPE)  # (n, h)
    return hidden_1, hidden_2, hidden_2 @ output + output_bias


def discriminate(discriminator, Z):
    """Score rows by whether they look like mapped source rows.

    Parameters
    ----------
    discriminator : Discriminator
        The network.

    Z : Tensor of shape (n_rows, n_components)
        Rows of the shared space.

    Returns
    -------
    scores : Tensor of shape (n_rows,)
        Log odds that a row is a source row.
    """
    return _forward(discriminator, Z)[2]


def _backward(hidden, gradient):
    """Go back through a leaky ReLU, whose values have the signs of its arguments."""
    return torch.where(hidden > 0, gradient, _SLOPE * gradient)


def _descend(discriminator, Z, hidden, deltas, weights, learning_rate):
    """Step down the gradient of a loss, given its derivatives in the scores, `weights`."""
    by_layer = [weights[:, None] * delta for delta in deltas]  # (n, h) each
    first, first_bias, second, second_bias, output, output_bias = discriminator
    rate = {"alpha": -learning_rate}
    return Discriminator(
        torch.addmm(first, Z.T, by_layer[0], **rate),
        torch.add(first_bias, by_layer[0].sum(0), **rate),
        torch.addmm(second, hidden[0].T, by_layer[1], **rate),
        torch.add(second_bias, by_layer[1].sum(0), **rate),
        torch.addmv(output, hidden[1].T, weights, **rate),
        torch.add(output_bias, weights.sum(), **rate),
    )


def adversarial_step(
    mapping,
    discriminator,
    X,
    Y,
    *,
    learning_rate,
    smoothing=0.1,
    orthogonality=0.01,
    mask=None,
    moves_mapping=True,
):
    r"""Let a discriminator and the map that shall deceive it each take a step of gradient descent.

    With :math:`p(z)` the probability that the discriminator gives a row for being a mapped source
    row, and :math:`H_s(p) = -(1 - s) \log p - s \log(1 - p)`, s the smoothing, the two minimise

    .. math::

        L_D = \frac{1}{n} \sum_i H_s(p(x_i W)) + \frac{1}{m} \sum_j H_s(1 - p(y_j))
        \qquad \text{and} \qquad
        L_W = \frac{1}{n} \sum_i H_s(1 - p(x_i W)) ,

    each in its own weights [1]_; target rows do not depend on W, so :math:`L_W` lacks their term.
    Both steps share one pass through the network: gradients are those before either step.

    Parameters
    ----------
    mapping : Tensor of shape (d_source, d_target)
        W.

    discriminator : Discriminator
        The network, of the type of the rows.

    X : Tensor of shape (n, d_source)
        A batch of source rows.

    Y : Tensor of shape (m, d_target)
        A batch of target rows, which nobody paired with those of X.

    learning_rate : float
        Step size of both, positive.

    smoothing : float, default=0.1
        s, at least 0 and below 0.5: how far labels are from certain.

    orthogonality : float, default=0.01
        Step size of :func:`orthogonality_step` afterwards.

    mask : Tensor of shape (n + m, d_target), default=None
        Factors of the discriminator's input, mapped source rows first: zeros drop a component out.

    moves_mapping : bool, default=True
        Whether the map takes its step, or the discriminator alone.

    Returns
    -------
    adversaries : Adversaries
        `mapping`, `discriminator`, and the discriminator's `loss`.

    References
    ----------
    .. [1] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018, section 2.1.
    """
    n = X.shape[0]
    Z = torch.cat([X @ mapping, Y])  # (n + m, d)
    Z = Z if mask is None else Z * mask
    *hidden, scores = _forward(discriminator, Z)
    labels = torch.full_like(scores, smoothing)
    labels[:n] = 1 - smoothing
    sizes = torch.full_like(scores, Y.shape[0])
    sizes[:n] = n
    loss = binary_cross_entropy_with_logits(scores, labels, 1 / sizes, reduction="sum")

    # derivatives of each row's score in the layers, by which both losses go back
    delta_2 = _backward(hidden[1], discriminator.output)  # (n + m, h)
    delta_1 = _backward(hidden[0], delta_2 @ discriminator.second.T)  # (n + m, h)
    probabilities = scores.sigmoid()
    wrong = (probabilities - labels) / sizes
    descended = _descend(discriminator, Z, hidden, (delta_1, delta_2), wrong, learning_rate)
    if not moves_mapping:
        return Adversaries(mapping, descended, loss)
    by_row = delta_1[:n] @ discriminator.first.T  # (n, d)
    by_row = by_row if mask is None else by_row * mask[:n]
    caught = (probabilities[:n] - smoothing) / n  # how far from being taken for target rows
    mapping = torch.addmm(mapping, X.T, caught[:, None] * by_row, alpha=-learning_rate)
    return Adversaries(orthogonality_step(mapping, orthogonality), descended, loss)


def orthogonality_step(mapping, step_size=0.01):
    r"""Bring a map a little closer to an orthogonal one.

    :math:`(1 + \beta) W - \beta W W^\top W` takes each singular value :math:`\sigma` to
    :math:`\sigma + \beta \sigma (1 - \sigma^2)`, nearer to 1 [1]_. A rectangular map goes to
    orthonormal rows or columns, whichever are fewer.

    Parameters
    ----------
    mapping : Tensor of shape (d_source, d_target)
        W, its singular values positive and below the root of (1 + 1 / step_size).

    step_size : float, default=0.01
        :math:`\beta`, from 0 to 0.5; steps of 0.5 converge fastest.

    Returns
    -------
    mapping : Tensor of shape (d_source, d_target)
        The map after the step.

    References
    ----------
    .. [1] Conneau, A., Lample, G., Ranzato, M., Denoyer, L., Jegou, H. "Word translation without
       parallel data". ICLR 2018, section 3.3.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import orthogonality_step
    >>> orthogonality_step(torch.tensor([[1.0, 0.0], [0.0, 0.5]]), 0.4)
    tensor([[1.0000, 0.0000],
            [0.0000, 0.6500]])
    """
    rows, columns = mapping.shape
    # W W' W by way of the smaller of W W' and W' W
    cube = (mapping @ mapping.T) @ mapping if rows <= columns else mapping @ (mapping.T @ mapping)
    return torch.add((1 + step_size) * mapping, cube, alpha=-step_size)
