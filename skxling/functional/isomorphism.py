"""How alike two spaces are in shape, whatever their position: spectra, trees, correlations."""

import torch

from skxling.functional.neighbors import nearest_neighbors
from skxling.functional.normalization import unit_rows
from skxling.utils import gen_blocks


def laplacian_spectrum(X, n_neighbors, *, memory_budget=2**28):
    """Eigenvalues of the Laplacian of a space's graph of nearest neighbours.

    Two rows are joined by an edge, without weight or direction, where one is among the nearest
    neighbours of the other by cosine. With A the adjacency of the graph and D its degrees, the
    Laplacian is D - A [1]_.

    Parameters
    ----------
    X : Tensor of shape (n_rows, n_components)
        Rows of any length.

    n_neighbors : int
        Neighbours that each row chooses, at least 1; clipped to the number of other rows.

    memory_budget : int, default=2**28
        Bytes that temporary scores may take, beside two matrices of shape (n_rows, n_rows).

    Returns
    -------
    eigenvalues : Tensor of shape (n_rows,), float64
        In descending order, none below 0.

    References
    ----------
    .. [1] Søgaard, A., Ruder, S., Vulić, I. "On the limitations of unsupervised bilingual
       dictionary induction". ACL 2018, section 4.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import laplacian_spectrum
    >>> X = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> laplacian_spectrum(X, 1)
    tensor([2., 2., 0., 0.], dtype=torch.float64)
    """
    n_rows = X.shape[0]
    rows = torch.arange(n_rows, device=X.device)[:, None]
    found = nearest_neighbors(X, X, n_neighbors + 1, memory_budget=memory_budget).indices
    # a row is its own neighbour, but not always the first: equal rows come in order of their index
    last_if_own = (found == rows).to(torch.int8).argsort(dim=1, stable=True)
    chosen = found.gather(1, last_if_own)[:, :-1]  # (n, k)
    laplacian = torch.zeros((n_rows, n_rows), dtype=torch.float64, device=X.device)
    laplacian.scatter_(1, chosen, -1.0)
    laplacian = torch.minimum(laplacian, laplacian.T)  # chosen by either
    laplacian.diagonal().sub_(laplacian.sum(1))
    return torch.linalg.eigvalsh(laplacian).flip(0).clamp(min=0)


def spanning_tree_lengths(X):
    """Edge lengths of the minimum spanning tree of a set of points.

    They are the death times of the 0-dimensional classes of its Vietoris-Rips complex: as the
    balls around the points grow, two components become one at each edge of the tree. Prim's
    algorithm, in the memory of a few vectors.

    Parameters
    ----------
    X : Tensor of shape (n_points, n_components)
        Points, at their Euclidean distances.

    Returns
    -------
    lengths : Tensor of shape (n_points - 1,)
        In descending order.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import spanning_tree_lengths
    >>> spanning_tree_lengths(torch.tensor([[0.0], [1.0], [5.0], [3.0]]))
    tensor([2., 2., 1.])
    """
    squares = (X * X).sum(1)
    shortest = torch.full_like(squares, torch.inf)  # squared distance to the tree
    parent = torch.zeros(X.shape[0], dtype=torch.int64, device=X.device)
    is_outside = torch.ones_like(parent, dtype=torch.bool)
    last = parent[:1]  # a tensor, so that a CUDA device never waits for the host
    children = []
    for _ in range(X.shape[0] - 1):
        is_outside.index_fill_(0, last, False)
        distances = squares + squares[last] - 2 * (X @ X[last][0])
        is_nearer = is_outside & (distances < shortest)
        shortest = torch.where(is_nearer, distances, shortest)
        parent = torch.where(is_nearer, last, parent)
        last = torch.where(is_outside, shortest, torch.inf).argmin(keepdim=True)
        children.append(last)
    if not children:
        return squares[:0]
    children = torch.cat(children)
    # lengths anew from the points: small ones would be lost in the differences of squares
    edges = X[children] - X[parent[children]]
    return torch.linalg.vector_norm(edges, dim=1).sort(descending=True).values


def bottleneck_distance(deaths_x, deaths_y):
    """Bottleneck distance between two persistence diagrams whose classes are all born at 0.

    A class that dies at a is matched with one that dies at b, at the cost ``abs(a - b)``, or with
    the diagonal, at the cost ``a / 2``; the distance is the largest cost of the best matching.
    Since all are born at once, the best matching pairs the i-th largest of both sides or gives
    both to the diagonal, so that no search is needed.

    Parameters
    ----------
    deaths_x : Tensor of shape (n_x,)
        Death times of the one diagram, in any order.

    deaths_y : Tensor of shape (n_y,)
        Those of the other.

    Returns
    -------
    distance : Tensor of shape ()
        At least 0.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import bottleneck_distance
    >>> bottleneck_distance(torch.tensor([4.0, 1.0]), torch.tensor([3.5, 1.0, 0.6]))
    tensor(0.5000)
    """
    # The cost of a matching is a maximum. It does not grow where the partners of two pairs that
    # cross are exchanged. Nor where a is left out and a smaller one is matched with b: either a
    # takes its place, or a exceeds b by more than a / 2, and the pair may as well be left out.
    n_classes = max(deaths_x.shape[0], deaths_y.shape[0])
    padded = deaths_x.new_zeros((2, n_classes))  # a class that dies at birth is on the diagonal
    padded[0, : deaths_x.shape[0]] = deaths_x.sort(descending=True).values
    padded[1, : deaths_y.shape[0]] = deaths_y.sort(descending=True).values
    costs = torch.minimum((padded[0] - padded[1]).abs(), padded.amax(0) / 2)
    return costs.amax() if n_classes else deaths_x.new_zeros(())


def cosine_correlation(X, Y, *, memory_budget=2**28):
    """Correlation of the cosines within one space with those within another.

    Pearson's, over all pairs i < j of ``cos(X[i], X[j])`` and ``cos(Y[i], Y[j])`` [1]_.

    Parameters
    ----------
    X : Tensor of shape (n_rows, d_source)
        Rows of one space.

    Y : Tensor of shape (n_rows, d_target)
        Their partners in the other.

    memory_budget : int, default=2**28
        Bytes that temporary cosines may take, beside one normalised copy of either input.

    Returns
    -------
    correlation : Tensor of shape (), float64
        From -1 to 1; nan where all cosines of a space are equal, but for rounding.

    References
    ----------
    .. [1] Vulić, I., Ruder, S., Søgaard, A. "Are all good word vector spaces isomorphic?". EMNLP
       2020, section 2.

    Examples
    --------
    >>> import torch
    >>> from skxling.functional import cosine_correlation
    >>> X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> cosine_correlation(X, X.flip(1))
    tensor(1., dtype=torch.float64)
    """
    n_rows = X.shape[0]
    spaces = [unit_rows(side.to(torch.promote_types(side.dtype, torch.float32))) for side in (X, Y)]
    moments = torch.zeros(5, dtype=torch.float64, device=X.device)
    for rows in gen_blocks(n_rows, 4 * 8 * n_rows, memory_budget=memory_budget):
        # columns from the block's first row on; below the diagonal zeros, which add nothing
        x, y = (
            (side[rows] @ side[rows.start :].T).double().triu(diagonal=1)  # (b, n - start)
            for side in spaces
        )
        moments += torch.stack([x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])
    x, y, xx, yy, xy = moments / max(1, n_rows * (n_rows - 1) // 2)
    variances = torch.stack([xx - x * x, yy - y * y])
    # what rounding makes of equal cosines, and of the difference of their moments, tells nothing
    eps = max(torch.finfo(space.dtype).eps for space in spaces)
    bounds = (4 * eps) ** 2 + 4 * torch.finfo(torch.float64).eps * torch.stack([xx, yy])
    is_rounding = (variances <= bounds).any()
    return ((xy - x * y) / variances.prod().sqrt()).masked_fill(is_rounding, torch.nan)
