"""Words beside points, moved until they do not cover each other."""

import numpy as np

_RINGS = (2.5, 8.0, 16.0, 26.0, 40.0)  # points between the edge of a marker and its label
_N_ANGLES = 16
_N_SWEEPS = 4


def _overlap(boxes, others):
    """Area that each box (x0, y0, x1, y1) shares with all others together."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return (high - low).clip(min=0).prod(axis=2).sum(axis=1)


def _candidate_boxes(center, size, gaps):
    """Boxes of one size around a point, on rings, near ones first."""
    angles = np.linspace(0, 2 * np.pi, _N_ANGLES, endpoint=False)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    # a box stands off by its nearest point, so that beside, above and below are equally near
    middles = np.sign(directions.round(6)) * np.minimum(np.abs(directions) * 1.5, 1) * size / 2
    low = [center + gap * directions + middles - size / 2 for gap in gaps]
    low = np.concatenate(low)
    return np.hstack([low, low + size])


def _choose_boxes(candidates, markers, axes_box):
    """Choose one box of each label: what is covered, outside, or far away is dear."""
    far = np.repeat(np.arange(len(_RINGS)), _N_ANGLES)
    costs = []
    for boxes in candidates:
        area = (boxes[0, 2:] - boxes[0, :2]).prod()
        outside = area - _overlap(boxes, axes_box[None])
        costs.append(outside + 4 * _overlap(boxes, markers) + 0.04 * area * far)
    chosen = np.array([boxes[0] for boxes in candidates])
    for sweep in range(_N_SWEEPS):
        for i, boxes in enumerate(candidates):
            # the first time a label sees those before it alone, later on all
            others = chosen[:i] if sweep == 0 else np.delete(chosen, i, axis=0)
            chosen[i] = boxes[np.argmin(costs[i] + 4 * _overlap(boxes, others))]
    return chosen


def place_labels(ax, points, words, radii, styles):
    """Write words beside points, each where it covers least.

    Positions are chosen for the size that the figure has now.

    Parameters
    ----------
    ax : matplotlib Axes
        With its points drawn and its limits set.

    points : ndarray of shape (n_points, 2)
        Data coordinates of the points.

    words : sequence of str, length n_points
        Their labels.

    radii : ndarray of shape (n_points,)
        Of the markers, in points.

    styles : sequence of dict, length n_points
        Keywords of each text.

    Returns
    -------
    labels : list of matplotlib Annotation
        In the order of the words.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    # the layout moves the axes only when it draws
    ax.get_figure(root=True).draw_without_rendering()
    pixels = ax.figure.dpi / 72
    centers, radii = ax.transData.transform(points), radii[:, None] * pixels
    halo = [withStroke(linewidth=2.5, foreground="white")]
    labels, candidates = [], []
    for center, radius, point, word, style in zip(
        centers, radii, points, words, styles, strict=True
    ):
        label = ax.annotate(
            word, point, xytext=(0, 0), textcoords="offset points", path_effects=halo, **style
        )
        extent = label.get_window_extent()
        gaps = [radius + ring * pixels for ring in _RINGS]
        size = np.array([extent.width, extent.height]) + pixels  # room for half of the halo
        candidates.append(_candidate_boxes(center, size, gaps))
        labels.append(label)
    markers = np.hstack([centers - radii, centers + radii])
    boxes = _choose_boxes(candidates, markers, np.array(ax.get_window_extent().extents))
    for label, box, center, radius, point in zip(
        labels, boxes, centers, radii, points, strict=True
    ):
        drawn_at = np.array(label.get_window_extent().extents[:2])
        label.set_position(tuple((box[:2] - drawn_at) / pixels))
        nearest = np.clip(center, box[:2], box[2:])
        if np.linalg.norm(nearest - center) > radius[0] + 1.5 * _RINGS[0] * pixels:
            # far from its point: a line leads back
            line = ax.transData.inverted().transform(nearest), point
            ax.add_artist(Line2D(*np.transpose(line), color="0.75", lw=0.6, zorder=1))
    return labels
