"""The demo's picture: one false friend before and after, and every system's P@1."""

import numpy as np

SOURCE_COLOR, TARGET_COLOR, RIGHT_COLOR = "#2f6db3", "#d9822b", "#2e8b57"
GREY, LIGHT = "#7f8790", "#e3e6ea"
MARKS = (
    {"label": "word of the source", "color": SOURCE_COLOR, "marker": "o"},
    {"label": "word of the target", "color": TARGET_COLOR, "marker": "o"},
    {"label": "right translation", "color": RIGHT_COLOR, "marker": "*", "markersize": 10},
)
LAYOUTS = (
    [["bars"]],
    [["a", "bars"]],
    [["a", "b"], ["bars", "bars"]],
    [["a", "b"], ["c", "bars"]],
)
JOINT, COMBINED = "Joint training only", "Joint-Align, Procrustes"
N_NEIGHBORS = 6
TURNS = np.deg2rad([0, *(sign * turn for turn in range(20, 180, 20) for sign in (1, -1)), 180])


def _questions(systems, gold, friends):
    """Words that may mean something else in the target, with their translations."""
    if friends is not None:
        return {
            word: [target] for word, target in zip(friends.word, friends.target_word, strict=True)
        }
    both = set(systems[JOINT].target_vectors_.words)
    return {word: golds for word, golds in gold.items() if word in both and word not in golds}


def _choose_words(systems, questions):
    """Pick a word that Joint-Align cures, and one that it leaves shared; None where none is."""
    joint = systems[JOINT]
    combiner = systems[COMBINED]
    known = set(joint.source_vectors_.words) & set(combiner.source_vectors_.words)
    words = [word for word in questions if word in known]
    if not words:
        return None, None
    still_shared = set(combiner.target_vectors_.words)
    before, after = joint.predict(words), combiner.predict(words)
    cured = [
        word
        for word, old, new in zip(words, before, after, strict=True)
        if old == word and word not in still_shared and new in questions[word]
    ]
    left = [
        word for word, new in zip(words, after, strict=True) if new == word and word in still_shared
    ]
    return (cured[0] if cured else None), (left[0] if left else None)


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _nearest(word_vectors, vector, skip):
    """Words and unit vectors of the nearest neighbours."""
    vectors = _unit(word_vectors.vectors)
    cosines = vectors @ vector
    order = np.argsort(-cosines, kind="stable")[: N_NEIGHBORS + 1].tolist()
    order = [i for i in order if word_vectors.words[i] != skip][:N_NEIGHBORS]
    return [word_vectors.words[i] for i in order], vectors[order]


def _angles(vectors, center):
    """Spread neighbours evenly around the circle, alike ones side by side."""
    rest = vectors - (vectors @ center)[:, None] * center
    left, _, _ = np.linalg.svd(rest - rest.mean(axis=0), full_matrices=False)
    order = np.arctan2(left[:, 1], left[:, 0]).argsort().argsort()
    return 2 * np.pi * (order + 0.5) / len(vectors)


def _neighbourhood(system, word, golds):
    """Words around a word, whether each is the target's, cosines, and angles to draw them at."""
    center = _unit(system.transform([word]))[0]
    words, vectors, is_target = [], [], []
    for side in (system.source_vectors_, system.target_vectors_):
        names, rows = _nearest(side, center, word)
        if side is system.target_vectors_:  # the right translation, however far away it is
            missing = [gold for gold in golds if gold in side and gold not in names]
            names, rows = (
                names + missing,
                np.vstack([rows, _unit(system.transform_target(missing))]),
            )
        words += names
        vectors.append(rows)
        is_target += [side is system.target_vectors_] * len(names)
    vectors = np.vstack(vectors)
    return words, is_target, vectors @ center, _angles(vectors, center)


def _draw_rings(axes, limit):
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    for radius in np.arange(0.2, limit, 0.2):
        axes.plot(radius * circle.real, radius * circle.imag, color=LIGHT, linewidth=0.8, zorder=0)
        axes.text(0, radius, f"{radius:.1f}", color=GREY, fontsize=7, ha="center", va="center")
        axes.texts[-1].set(zorder=0, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})


def _draw_neighbourhood(axes, system, word, golds, title, limit):
    """Draw a word's neighbours: the distance from the middle is 1 - cosine, exactly."""
    words, is_target, cosines, angles = _neighbourhood(system, word, golds)
    _draw_rings(axes, limit)
    labels = []
    for name, of_target, radius, angle in zip(words, is_target, 1 - cosines, angles, strict=True):
        along = np.array([np.cos(angle), np.sin(angle)])
        is_right = of_target and name in golds
        color = RIGHT_COLOR if is_right else TARGET_COLOR if of_target else SOURCE_COLOR
        marker, size, weight = ("*", 110, "bold") if is_right else ("o", 30, "normal")
        axes.scatter(*(radius * along), s=size, marker=marker, color=color, zorder=3)
        labels += [
            axes.annotate(
                name,
                radius * along,
                xytext=7 * along,
                textcoords="offset points",
                color=color,
                fontsize=9,
                fontweight=weight,
                ha="left" if along[0] > 0 else "right",
                va="center",
                zorder=4,
            )
        ]
    axes.scatter(0, 0, s=110, color="black", zorder=5)
    label = {"textcoords": "offset points", "ha": "center", "fontsize": 11, "fontweight": "bold"}
    white = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}
    middle = axes.annotate(word, (0, 0), xytext=(0, 9), zorder=6, bbox=white, **label)
    guess = system.predict([word])[0]
    what, verdict = "itself" if guess == word else guess, "right" if guess in golds else "wrong"
    axes.set_title(f"{title}\n“{word}” is translated as {what}: {verdict}", fontsize=11)
    axes.set(xlim=(-1.3 * limit, 1.3 * limit), ylim=(-limit, limit), aspect="equal")
    axes.set_axis_off()
    return middle, labels


def _overlap(box, others):
    """Area that a box (left, bottom, right, top) has in common with others, in pixels."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    return (high - low).clip(min=0).prod(axis=1).sum()


def _turn_labels(axes, middle, labels):
    """Turn labels around their points until they cover neither each other nor another point.

    For axes in their final place, since the size of a label is known in pixels only.
    """
    points = axes.transData.transform([label.xy for label in labels])
    half = 4.5 * axes.figure.dpi / 72  # of a marker
    taken = [*np.hstack([points - half, points + half]), middle.get_window_extent().extents]
    for label in labels:
        start, others, found = np.array(label.get_position()), np.array(taken), []
        for turn in TURNS:
            cos, sin = np.cos(turn), np.sin(turn)
            offset = np.array([[cos, -sin], [sin, cos]]) @ start
            style = {"position": offset, "ha": "left" if offset[0] > 0 else "right"}
            label.set(**style)
            box = label.get_window_extent().extents
            found.append((_overlap(box, others) + 3 * abs(turn), len(found), style, box))
        _, _, style, box = min(found, key=lambda place: place[:2])
        label.set(**style)
        taken.append(box)


def _draw_bars(axes, precision):
    names = list(precision)[::-1]
    values = [100 * precision[name] for name in names]
    colors = [RIGHT_COLOR if name.startswith("Joint-Align") else GREY for name in names]
    bars = axes.barh(names, values, color=colors, height=0.45)
    axes.bar_label(bars, fmt="%.1f", padding=4, fontsize=9)
    for row, name in enumerate(names):  # above the bars: beside them they would take half the room
        axes.text(0, row + 0.27, name, fontsize=9, va="bottom")
    axes.set_title("Words translated right (P@1, %)", fontsize=11)
    axes.set(xlim=(0, 1.15 * max(*values, 1)), ylim=(-0.5, len(names) - 0.2), yticks=[])
    axes.spines[["top", "right", "left"]].set_visible(False)


def draw_picture(path, systems, precision, gold, friends):
    """Save the picture.

    Parameters
    ----------
    path : str
        File to write.

    systems : dict of str -> estimator
        The fitted systems.

    precision : dict of str -> float
        P@1 of each row of the table.

    gold : dict of str -> list of str
        Translations of the test words.

    friends : Bunch or None
        What is known of false friends.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    questions = _questions(systems, gold, friends)
    cured, left = _choose_words(systems, questions)
    panels = []
    if cured is not None:
        panels += [(JOINT, cured, "Joint training only: one vector")]
        panels += [(COMBINED, cured, "Joint-Align: given to the source alone")]
    if left is not None:
        panels += [(COMBINED, left, "Joint-Align: used by both, so it stays shared")]
    figure, axes = plt.subplot_mosaic(
        LAYOUTS[len(panels)],
        figsize=(11, 9.5) if len(panels) > 1 else (11, 5),
        layout="constrained",
    )
    _draw_bars(axes["bars"], precision)
    distances = [1 - _neighbourhood(systems[n], w, questions[w])[2].min() for n, w, _ in panels]
    limit = 1.15 * max(distances, default=1)  # one scale, so that panels can be compared
    drawn = [
        _draw_neighbourhood(axes[key], systems[name], word, questions[word], title, limit)
        for key, (name, word, title) in zip("abc", panels, strict=False)
    ]
    if panels:
        figure.legend(
            handles=[Line2D([], [], linestyle="", **mark) for mark in MARKS],
            title="Distance from the middle: 1 - cosine. The angle has no meaning.",
            loc="outside lower center",
            ncols=3,
            frameon=False,
        )
    figure.draw_without_rendering()  # the layout moves the axes only when it draws
    for key, (middle, labels) in zip("abc", drawn, strict=False):
        _turn_labels(axes[key], middle, labels)
    figure.savefig(path, dpi=130)
    plt.close(figure)
