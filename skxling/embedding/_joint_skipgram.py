"""Joint skip-gram: one embedding of the words of two languages."""

from contextlib import nullcontext
from functools import partial
from numbers import Integral, Real
from os import PathLike, fspath

import numpy as np
import torch
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skxling.embedding._checkpoint import Checkpoint, NoCheckpoint, fingerprint
from skxling.embedding._defaults import default_pace, default_rate
from skxling.embedding._distributed import SharedTables, World
from skxling.embedding._hogwild import Hogwild
from skxling.embedding._prefetch import prefetched, side_stream
from skxling.embedding._subword_table import SubwordTable, WordTable
from skxling.embedding._token_stream import TokenStream
from skxling.embedding._training import TrainingState, train_epoch
from skxling.embedding._unknown_words import compose_of_ngrams, mean_vectors
from skxling.embedding._word_vectors import WordVectors
from skxling.text import encode_corpora, split_sentences, subword_ids
from skxling.utils import empty, resolve_device, to_numpy, warn_user
from skxling.utils._sklearn import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    _fit_context,
)


def _draw_seed(random_state):
    """One positive seed for everything that a fit draws."""
    return int(check_random_state(random_state).randint(1, np.iinfo(np.int32).max))


def _check_pairs(corpus, min_count):
    """Refuse a corpus in which no word has a context."""
    if corpus.n_tokens == corpus.n_sentences:
        raise ValueError(
            f"No sentence of the corpus has two words that occur `min_count`={min_count} times, so "
            "that no word has a context. Give one sentence a line (or list item), not one word, or "
            "lower `min_count`."
        )


def _fitted_attributes(vocabulary, state, *, copy):
    """Attributes of an estimator whose fit ends here; copied where the fit goes on."""
    words, losses = state.words, state.loss_curve
    # tables take gigabytes: where the fit ends, one that has had its use is written over, and of
    # the other the n-grams' rows are not copied
    out = torch.empty(state.output.shape) if copy else state.output
    vectors = to_numpy(words.compose_all(out))
    ngrams = to_numpy(words.rows[vocabulary.n_words :])
    copy = copy or len(ngrams) == 0  # an empty view would keep the table in memory
    return {
        "vocabulary_": vocabulary,
        "word_vectors_": WordVectors(vocabulary.words, vectors, vocabulary.counts),
        "ngram_vectors_": ngrams.copy() if copy else ngrams,
        "ngram_buckets_": words.buckets,
        "loss_curve_": list(losses),
        "n_iter_": len(losses),
        "_n_features_out": vectors.shape[1],
    }


class JointSkipGram(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Skip-gram with subwords, trained on the corpora of two languages at once.

    The balanced and shuffled concatenation of both corpora is one corpus with one vocabulary:
    the joint initialisation of Joint-Align [1]_. The model is skip-gram with negative sampling
    [2]_ and hashed character n-grams [3]_. Without a second corpus it is an ordinary
    monolingual skip-gram.

    Read more in the :ref:`User Guide <embedding>`.

    Parameters
    ----------
    n_components : int, default=300
        Dimension of the vectors.

    window : int, default=5
        Largest number of tokens on each side that are contexts; each token draws its own
        window uniformly from 1, ..., `window`.

    min_count : int, default=5
        Words that occur less often in both (balanced) corpora together are dropped.

    negative : int, default=5
        Negatives per pair of token and context.

    sample : float, default=1e-4
        Relative frequency from which on occurrences of a word are randomly left out. 0 keeps
        all.

    ns_exponent : float, default=0.75
        Negatives are drawn in proportion to `count ** ns_exponent`.

    min_n, max_n : int, default=3 and 6
        Shortest and longest character n-gram; `max_n=0` means no n-grams.

    bucket : int, default=2_000_000
        Range of the n-grams' hash. Only buckets that the vocabulary uses take memory.

    epochs : int, default=5
        Passes over the corpus.

    learning_rate : float or "auto", default="auto"
        Learning rate at the start; it falls linearly to zero. "auto" is 54 divided by the mean
        occurrences of a word in all epochs (tokens after balancing, times `epochs`, by words),
        within 0.05 and 0.1; without n-grams it is 21 divided by them, within 0.0125 and 0.05.

    balance : {"down", "up"} or None, default="down"
        Leave out sentences of the larger corpus ("down"), or repeat sentences of the smaller
        one ("up"), until both have the same number of tokens.

    batch_size : int or "auto", default="auto"
        Tokens (after subsampling) that are learned from at once, rounded down to a multiple of
        64, but at least 64. "auto" is 2048 on the CPU, 1024 without n-grams, and 8192 on a GPU;
        less where the corpus is small. Larger batches learn a little worse; windows end where a
        batch does.

    checkpoint_dir : path or None, default=None
        Folder that the fit is saved to as it goes. A fit that was killed goes on from there when
        it is started again with the same parameters and corpora, and ends with the same bytes as
        one that was not (on the CPU, with the same number of threads). The file's name tells
        parameters and corpora apart; it is deleted when the fit is done. Needs safetensors.

    checkpoint_interval : float, default=300
        Seconds between two savings, at least 0.

    distributed : bool, default=False
        Train in the processes of torchrun (or of another process group of torch.distributed),
        each on its share of the corpus. Every process must be given the same corpora and
        parameters, and ends with the same vectors. Each learns at `learning_rate` times their
        number, since their tables are averaged.

    n_jobs : int, default=None
        Processes of this machine that train the same vectors at once, on the CPU; -1 is one for
        each core, None is 1 unless a joblib context says otherwise. With more than one, what
        comes out differs a little from fit to fit, whatever the `random_state`. The process's
        threads, which are used in any case, are shared out between them.

    random_state : int, RandomState instance or None, default=None
        Seed of sampling and initialisation. An int gives the same bytes on the same machine
        with the same number of threads.

    device : str or torch.device, default="auto"
        Where to train: "cpu", "cuda", ...; "auto" takes CUDA where it is available.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        Words in descending count, and counts of shape (n_words, n_languages), after balancing.

    word_vectors_ : WordVectors
        Vectors of shape (n_words, n_components), rows as in `vocabulary_`.

    ngram_vectors_ : ndarray of shape (n_buckets, n_components)
        Rows of the n-grams; (0, n_components) with `max_n=0`.

    ngram_buckets_ : ndarray of shape (n_buckets,)
        The hash of each n-gram row, ascending.

    loss_curve_ : list of float of length n_iter_
        Mean loss of each epoch per pair of token and context, from a sample of batches.

    n_iter_ : int
        Epochs that were run.

    See Also
    --------
    JointAlignCombiner : Reallocate the joint vocabulary and refine it by an aligner.
    ProcrustesAligner : Align two separately trained spaces.

    Notes
    -----
    Neighbouring tokens are processed in blocks that share their negatives, and the steps of a
    batch are summed per vector; a step longer than 1 is shortened to that norm, since the summed
    gradients of frequent words would overshoot. A word's vector is the mean of its own row and
    its n-grams' rows; what it gains is handed down to them every 131,072 tokens of the
    corpus, or every fiftieth of a small one.

    References
    ----------
    .. [1] Wang, Xie, Xu, Yang, Neubig, Carbonell, "Cross-lingual Alignment vs Joint Training: A
       Comparative Study and A Simple Unified Framework", ICLR 2020, section 3.1.

    .. [2] Mikolov, Sutskever, Chen, Corrado, Dean, "Distributed Representations of Words and
       Phrases and their Compositionality", NIPS 2013.

    .. [3] Bojanowski, Grave, Joulin, Mikolov, "Enriching Word Vectors with Subword
       Information", TACL 2017.

    Examples
    --------
    >>> from skxling import JointSkipGram
    >>> english = ["the house is old", "the old house", "a house in winter"] * 20
    >>> german = ["das haus ist alt", "das alte haus", "ein haus im winter"] * 20
    >>> joint = JointSkipGram(n_components=8, sample=0, random_state=0, device="cpu")
    >>> joint = joint.fit(english, german)
    >>> joint.word_vectors_.n_words
    14
    >>> joint.transform(["house", "winter house"]).shape
    (2, 8)
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "window": [Interval(Integral, 1, None, closed="left")],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "negative": [Interval(Integral, 1, None, closed="left")],
        "sample": [Interval(Real, 0, 1, closed="both")],
        "ns_exponent": [Interval(Real, None, None, closed="neither")],
        "min_n": [Interval(Integral, 1, None, closed="left")],
        "max_n": [Interval(Integral, 0, None, closed="left")],
        "bucket": [Interval(Integral, 1, 2**32, closed="both")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "balance": [StrOptions({"down", "up"}), None],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "checkpoint_dir": [str, PathLike, None],
        "checkpoint_interval": [Interval(Real, 0, None, closed="left")],
        "distributed": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "device": [str, torch.device],
    }

    def __init__(
        self,
        n_components=300,
        *,
        window=5,
        min_count=5,
        negative=5,
        sample=1e-4,
        ns_exponent=0.75,
        min_n=3,
        max_n=6,
        bucket=2_000_000,
        epochs=5,
        learning_rate="auto",
        balance="down",
        batch_size="auto",
        checkpoint_dir=None,
        checkpoint_interval=300.0,
        distributed=False,
        n_jobs=None,
        random_state=None,
        device="auto",
    ):
        self.n_components = n_components
        self.window = window
        self.min_count = min_count
        self.negative = negative
        self.sample = sample
        self.ns_exponent = ns_exponent
        self.min_n = min_n
        self.max_n = max_n
        self.bucket = bucket
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.balance = balance
        self.batch_size = batch_size
        self.checkpoint_dir = checkpoint_dir
        self.checkpoint_interval = checkpoint_interval
        self.distributed = distributed
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn vectors for the words of one corpus or of two.

        Parameters
        ----------
        X : path, list of paths, list of str or list of list of str
            Corpus of the source language. A `str` or path names a text file (plain, .gz, .bz2
            or .xz): one sentence a line, tokens separated by white space. A list of `str` holds
            sentences, a list of lists tokens. Sentences are cut after every 1,000 tokens.

        y : path, list of paths, list of str or list of list of str, default=None
            Corpus of the target language, of any other length.

        Returns
        -------
        self : JointSkipGram
            The fitted estimator.

        Raises
        ------
        FileNotFoundError, TypeError, ValueError
            If a corpus is no corpus: a missing or unreadable file, no token, no word that is
            frequent enough, no two of them in one sentence.
        """
        self._check_parameters()
        device = resolve_device(self.device)
        world = World(self.distributed, device)
        checkpoint = self._open_checkpoint(X, y, device)
        seed = checkpoint.seed() or world.first(_draw_seed(self.random_state))
        vocabulary, corpus = encode_corpora(
            X, y, min_count=self.min_count, balance=self.balance, rng=np.random.RandomState(seed)
        )
        _check_pairs(corpus, self.min_count)
        state = self._initial_state(vocabulary, seed, world)
        checkpoint.restore(state)
        stream = self._open_stream(corpus, vocabulary, state, world)
        shared = SharedTables(world, state)
        # of the steps of several processes the mean is taken
        first_rate = world.size * self._first_rate(corpus.n_tokens, vocabulary.n_words)

        context = self._init_callback_context(max_subtasks=self.epochs)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        after_read = checkpoint.save_if_due, shared.average_if_due
        with self._open_training(state, stream, after_read) as train:
            for epoch in range(len(state.loss_curve), self.epochs):
                task = context.subcontext(task_name="epoch")
                task.call_on_fit_task_begin(estimator=self, X=X, y=y)
                loss = train(self._learning_rates(epoch, corpus.n_tokens, first_rate))
                state.loss_curve.append(world.mean(loss))
                shared.average()
                checkpoint.save_if_due(state)
                stops = task.call_on_fit_task_end(
                    estimator=self,
                    X=X,
                    y=y,
                    reconstruction_attributes=partial(
                        _fitted_attributes, vocabulary, state, copy=True
                    ),
                )
                if world.any(stops):
                    break
        for name, value in _fitted_attributes(vocabulary, state, copy=False).items():
            setattr(self, name, value)
        checkpoint.remove()
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def transform(self, X):
        """Mean vector of the words of each text.

        Parameters
        ----------
        X : list of str or list of list of str
            Texts; a word is a text of one token. A word that is not in the vocabulary is
            composed of its n-grams; one without a known n-gram is left out.

        Returns
        -------
        vectors : ndarray of shape (n_texts, n_components), dtype float32
            A text without any such word has the zero vector.
        """
        check_is_fitted(self)
        if isinstance(X, (str, PathLike)):
            raise TypeError(
                f"`X` is a list of texts; paths are for `fit` alone. Got {X!r}: wrap a text in a "
                f"list, [{fspath(X)!r}], and pass the lines of a file."
            )
        return mean_vectors(split_sentences(X), self._word_rows)

    def _word_rows(self, words):
        """Vectors of words, and which of them have one."""
        ids = self.vocabulary_.encode(words)
        rows = self.word_vectors_.vectors[np.maximum(ids, 0)].copy()
        is_known = ids >= 0
        unknown = np.flatnonzero(~is_known)
        if len(unknown):
            ngram_ids, offsets = subword_ids(
                [words[i] for i in unknown], min_n=self.min_n, max_n=self.max_n, bucket=self.bucket
            )
            rows[unknown], is_known[unknown] = compose_of_ngrams(
                ngram_ids, offsets, self.ngram_buckets_, self.ngram_vectors_
            )
        return rows, is_known

    def _check_parameters(self):
        """Check what no parameter tells alone."""
        if 0 < self.max_n < self.min_n:
            raise ValueError(
                f"`max_n` must be at least `min_n`={self.min_n}, or 0 for no n-grams. Got "
                f"max_n={self.max_n}."
            )
        if self.distributed and self.checkpoint_dir is not None:
            raise ValueError(
                "`checkpoint_dir` is of no use with distributed=True: the tables of a process are "
                f"not those of all. Got checkpoint_dir={self.checkpoint_dir!r}; leave one out."
            )
        if effective_n_jobs(self.n_jobs) > 1 and self.distributed:  # 0 jobs are refused here
            raise ValueError(
                "`n_jobs` is for one process, not for those of distributed=True. Got n_jobs="
                f"{effective_n_jobs(self.n_jobs)}, from the parameter or a joblib context; set "
                "n_jobs=1, and let torchrun start as many processes."
            )

    def _open_checkpoint(self, X, y, device):
        """Open the checkpoint of a fit with these parameters on these corpora."""
        if self.checkpoint_dir is None:
            return NoCheckpoint()
        params = self.get_params()
        for name in ("checkpoint_dir", "checkpoint_interval", "device"):
            del params[name]
        params["n_jobs"] = effective_n_jobs(self.n_jobs)  # a joblib context may decide it
        name = fingerprint({**params, "device": device.type}, [X, y])
        return Checkpoint(self.checkpoint_dir, name, self.checkpoint_interval)

    def _initial_state(self, vocabulary, seed, world):
        """Random input vectors, the same in all processes, and output vectors of zeros."""
        generator = torch.Generator(device=world.device).manual_seed(seed)
        if self.max_n:
            words = SubwordTable(
                vocabulary.words,
                self.n_components,
                min_n=self.min_n,
                max_n=self.max_n,
                bucket=self.bucket,
                generator=generator,
            )
        else:
            words = WordTable(vocabulary.n_words, self.n_components, generator=generator)
        if world.rank > 0:
            generator.manual_seed(seed + world.rank)  # another shard draws otherwise
        output = empty(vocabulary.n_words, self.n_components, device=world.device).zero_()
        return TrainingState(seed, words, output, generator)

    def _open_stream(self, corpus, vocabulary, state, world):
        """Prepare the corpus for learning; warn where subsampling leaves next to nothing."""
        pace = default_pace(state.generator.device, has_ngrams=self.max_n > 0)
        stream = TokenStream(
            corpus,
            vocabulary.counts.sum(axis=1),
            sample=self.sample,
            ns_exponent=self.ns_exponent,
            negative=self.negative,
            window=self.window,
            batch_size=self.batch_size,
            **pace._asdict(),
            prepare=state.words.prepare if self.max_n else None,
            generator=state.generator,
            shard=(world.rank, world.size),
        )
        if stream.n_kept < min(1000, corpus.n_tokens / 2):
            warn_user(
                f"`sample`={self.sample} keeps about {stream.n_kept:.0f} of the corpus's "
                f"{corpus.n_tokens} tokens. Set sample=0 for a corpus as small as this one.",
            )
        return stream

    def _open_training(self, state, stream, after_read):
        """Make a context that gives a function: learn from one pass over the corpus."""
        n_jobs = effective_n_jobs(self.n_jobs)
        if n_jobs > 1 and state.output.device.type == "cpu":
            return Hogwild(n_jobs, state, stream)

        side = side_stream(state.output.device)

        def train(rate):
            reads = prefetched(stream.reads(first=state.sentence), side)
            return train_epoch(state, reads, rate=rate, after_read=after_read)

        return nullcontext(train)

    def _first_rate(self, n_tokens, n_words):
        """Learning rate to start with."""
        if self.learning_rate != "auto":
            return self.learning_rate
        return default_rate(n_tokens * self.epochs / n_words, has_ngrams=self.max_n > 0)

    def _learning_rates(self, epoch, n_tokens, first):
        """Learning rate after so many tokens of an epoch: linear, from the first to the last."""
        epochs = self.epochs  # not the estimator: workers get a copy of the function
        return lambda n_read: first * max(1 - (epoch + n_read / n_tokens) / epochs, 1e-4)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.target_tags.required = False
        return tags
