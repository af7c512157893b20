"""Links of two directions made one set: intersection, union, and growing from one to the other."""

from itertools import pairwise

import numpy as np

METHODS = ("intersection", "union", "grow-diag", "grow-diag-final", "grow-diag-final-and")

# (target, source) steps in the order of Koehn et al. (2005): first beside, then diagonal
NEIGHBORS = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))


def symmetrize_links(forward, reverse, method="grow-diag-final-and"):
    """Make one set of links of those of two directions.

    Parameters
    ----------
    forward, reverse : list of array-like of shape (n_links, 2)
        For each sentence pair the links (source position, target position) of the two
        directions, counted from 0.

    method : str, default="grow-diag-final-and"
        - "intersection": links of both directions [1]_. If each direction gives a token one
          link at most, so does the result. The most precise.
        - "union": links of either direction.
        - "grow-diag": start from the intersection; a link of the union is added where it is
          beside or diagonal to one that is there, and has a token without a link [2]_. Repeated
          until nothing changes.
        - "grow-diag-final": then links of the forward, after them of the reverse direction are
          added where one of their tokens still has no link.
        - "grow-diag-final-and": the same where both of their tokens still have none.

    Returns
    -------
    links : list of ndarray of shape (n_links, 2), dtype int64
        Distinct links of each pair, in ascending order.

    Raises
    ------
    ValueError
        If the directions are of two lengths, links are no pairs of positions, or `method` is
        unknown.

    See Also
    --------
    skxling.text.WordAligner : Finds the links of both directions.
    skxling.text.one_to_one_links : Drop the links of tokens that have several.

    Notes
    -----
    Growing looks at links in ascending order of target, then source position, and a link that
    was added counts at once, as in the pseudocode of [2]_.

    References
    ----------
    .. [1] Koehn, P., Och, F. J., Marcu, D. "Statistical Phrase-Based Translation". NAACL 2003.

    .. [2] Koehn, P., Axelrod, A., Birch Mayne, A., Callison-Burch, C., Osborne, M., Talbot, D.
       "Edinburgh System Description for the 2005 IWSLT Speech Translation Evaluation". IWSLT
       2005.

    Examples
    --------
    >>> from skxling.text import symmetrize_links
    >>> forward, reverse = [[(0, 0), (1, 1), (1, 2)]], [[(0, 0), (1, 1), (3, 3)]]
    >>> symmetrize_links(forward, reverse, "intersection")[0].tolist()
    [[0, 0], [1, 1]]
    >>> symmetrize_links(forward, reverse, "grow-diag")[0].tolist()
    [[0, 0], [1, 1], [1, 2]]
    >>> symmetrize_links(forward, reverse, "grow-diag-final-and")[0].tolist()
    [[0, 0], [1, 1], [1, 2], [3, 3]]
    """
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {METHODS}. Got {method!r}.")
    if len(forward) != len(reverse):
        raise ValueError(
            f"`forward` has links of {len(forward)} sentence pairs and `reverse` of "
            f"{len(reverse)}. Give both directions of the same pairs."
        )
    tables = _join_links(forward, "forward"), _join_links(reverse, "reverse")
    return split_links(symmetrize_table(*tables, method), len(forward))


def one_to_one_links(links):
    """Keep the links both of whose tokens have no other link.

    Parameters
    ----------
    links : list of array-like of shape (n_links, 2)
        For each sentence pair the links (source position, target position).

    Returns
    -------
    links : list of ndarray of shape (n_links, 2), dtype int64
        Those that are left, distinct, in ascending order.

    Examples
    --------
    >>> from skxling.text import one_to_one_links
    >>> one_to_one_links([[(0, 0), (1, 1), (1, 2), (2, 3)]])[0].tolist()
    [[0, 0], [2, 3]]
    """
    table = np.unique(_join_links(links, "links"), axis=0)
    is_single = np.ones(len(table), dtype=bool)
    for side in (1, 2):
        _, token, n_links = np.unique(
            table[:, [0, side]], axis=0, return_inverse=True, return_counts=True
        )
        is_single &= n_links[token] == 1
    return split_links(table[is_single], len(links))


def split_links(table, n_pairs):
    """Divide a table of links into one array for each sentence pair.

    Parameters
    ----------
    table : ndarray of shape (n_links, 3)
        Sentence pair, source and target position, ascending by sentence pair.

    n_pairs : int
        Number of sentence pairs.

    Returns
    -------
    links : list of ndarray of shape (n_links, 2)
    """
    bounds = np.searchsorted(table[:, 0], np.arange(n_pairs + 1))
    links = np.ascontiguousarray(table[:, 1:])
    return [links[a:b] for a, b in pairwise(bounds)]


def check_links(links, name):
    """Check the links of sentence pairs.

    Parameters
    ----------
    links : list of array-like of shape (n_links, 2)
        For each sentence pair its links (source position, target position).

    name : str
        What the links are called in error messages.

    Returns
    -------
    links : list of ndarray of shape (n_links, 2), dtype int64

    Raises
    ------
    ValueError
        If they are no pairs of positions.
    """
    checked = []
    for i, of_pair in enumerate(links):
        found = np.asarray(of_pair)
        if found.size == 0:
            found = np.zeros((0, 2), dtype=np.int64)
        is_integer = found.dtype.kind in "iu"
        if found.ndim != 2 or found.shape[1] != 2 or not is_integer or found.min(initial=0) < 0:
            raise ValueError(
                f"`{name}[{i}]` must hold (source position, target position) pairs of integers "
                f"from 0 on, an array of shape (n_links, 2). Got {found.tolist()!r:.200}."
            )
        checked.append(found.astype(np.int64, copy=False))
    return checked


def _join_links(links, name):
    """One table of sentence pair, source and target position."""
    links = check_links(links, name)
    pair = np.repeat(np.arange(len(links)), np.fromiter(map(len, links), np.int64, len(links)))
    return np.column_stack([pair, np.concatenate([np.zeros((0, 2), dtype=np.int64), *links])])


def symmetrize_table(forward, reverse, method):
    """Make one table of links of those of two directions.

    Parameters
    ----------
    forward, reverse : ndarray of shape (n_links, 3), dtype int64
        Sentence pair, source and target position of each link.

    method : str
        As for `symmetrize_links`.

    Returns
    -------
    links : ndarray of shape (n_links, 3), dtype int64
        Distinct links in ascending order.
    """
    both = np.concatenate([forward, reverse])
    n_source, n_target = both[:, 1:].max(axis=0, initial=0) + 1
    # one number for each link; target before source, the order in which growing visits them
    keys = [(t[:, 0] * n_target + t[:, 2]) * n_source + t[:, 1] for t in (forward, reverse)]
    merged = np.sort(np.concatenate(keys))
    if len(merged) == 0:
        return both
    union = merged[np.r_[True, np.diff(merged) > 0]]
    in_forward, in_reverse = np.zeros((2, len(union)), dtype=bool)
    in_forward[np.searchsorted(union, keys[0])] = True
    in_reverse[np.searchsorted(union, keys[1])] = True
    if method == "intersection":
        chosen = in_forward & in_reverse
    elif method == "union":
        chosen = np.ones(len(union), dtype=bool)
    else:
        growth = _Growth(union, in_forward & in_reverse, n_source, n_target)
        growth.grow()
        if method != "grow-diag":
            for direction in (in_forward, in_reverse):
                growth.finish(direction, needs_both=method == "grow-diag-final-and")
        chosen = growth.is_linked
    rest, source = np.divmod(union[chosen], n_source)
    pair, target = np.divmod(rest, n_target)
    return np.column_stack([pair, source, target])[np.lexsort((target, source, pair))]


class _Growth:
    """Links of all sentence pairs, growing in step: the k-th link of each pair at once.

    The order matters within a pair alone, so that no loop over links is needed.
    """

    def __init__(self, union, is_linked, n_source, n_target):
        rest, source = np.divmod(union, n_source)
        self.pair, target = np.divmod(rest, n_target)
        self.is_linked = is_linked.copy()
        self.source_token = np.unique(self.pair * n_source + source, return_inverse=True)[1]
        self.target_token = np.unique(rest, return_inverse=True)[1]
        self.source_done = np.zeros(len(union), dtype=bool)
        self.target_done = np.zeros(len(union), dtype=bool)
        self.add(np.flatnonzero(is_linked))
        self.neighbors = []  # for each step the link of the union there, or -1
        for up, right in NEIGHBORS:
            t, s = target + up, source + right
            inside = (t >= 0) & (t < n_target) & (s >= 0) & (s < n_source)
            key = union + up * n_source + right
            at = np.minimum(np.searchsorted(union, key), len(union) - 1)
            self.neighbors.append(np.where(inside & (union[at] == key), at, -1))

    def add(self, links):
        self.is_linked[links] = True
        self.source_done[self.source_token[links]] = True
        self.target_done[self.target_token[links]] = True

    def is_free(self, links, needs_both=False):
        """Tell which links are not there, and have a token without one (or two such tokens)."""
        source, target = self.source_token[links], self.target_token[links]
        done = np.logical_or if needs_both else np.logical_and
        return ~self.is_linked[links] & ~done(self.source_done[source], self.target_done[target])

    def in_step(self, links):
        """Give the first of `links` in each pair, then the second of each, and so on."""
        if len(links) == 0:
            return []
        starts = np.flatnonzero(np.r_[True, np.diff(self.pair[links]) != 0])
        lengths = np.diff(np.r_[starts, len(links)])
        rank = np.arange(len(links)) - np.repeat(starts, lengths)
        order = np.argsort(rank, kind="stable")
        return np.split(links[order], np.cumsum(np.bincount(rank))[:-1])

    def grow(self):
        """Add free neighbours of what is linked until there are none."""
        visited = np.arange(len(self.pair))
        while len(visited):
            grown = np.zeros(self.pair[-1] + 1, dtype=bool)
            for links in self.in_step(visited):
                centers = links[self.is_linked[links]]
                for neighbors in self.neighbors:
                    new = neighbors[centers]
                    new = new[new >= 0]
                    new = new[self.is_free(new)]
                    self.add(new)
                    grown[self.pair[new]] = True
            visited = visited[grown[self.pair[visited]]]

    def finish(self, candidates, needs_both):
        """Add candidates that are free, in order."""
        for links in self.in_step(np.flatnonzero(candidates & ~self.is_linked)):
            self.add(links[self.is_free(links, needs_both)])
