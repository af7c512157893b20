from types import SimpleNamespace

import numpy as np
import pytest
import torch

from skxling.embedding._token_stream import Chunking, TokenStream, _chunk_tokens, _rows_by_chunk
from skxling.text import EncodedCorpus

N_WORDS = 12
CHUNKING = Chunking(chunk=16, group=8, block=4, n_shared=3, negative=5, window=2)


@pytest.fixture
def corpus():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 9, 40)
    ids = rng.integers(0, N_WORDS, lengths.sum()).astype(np.int32)
    return EncodedCorpus(ids, np.concatenate([[0], np.cumsum(lengths)]))


def lend(words):
    return SimpleNamespace(words=words)


def make_stream(corpus, keep=1.0, tokens_per_read=60, shard=(0, 1), prepare=lend):
    stream = TokenStream(
        corpus,
        np.bincount(corpus.ids, minlength=N_WORDS),
        sample=0,
        ns_exponent=0.75,
        negative=CHUNKING.negative,
        window=CHUNKING.window,
        batch_size="auto",
        chunk=2048,
        n_shared=CHUNKING.n_shared,
        tokens_per_read=tokens_per_read,
        prepare=prepare,
        generator=torch.Generator().manual_seed(0),
        shard=shard,
    )
    stream.keep *= keep
    stream.chunking, stream.tokens_per_read = CHUNKING, tokens_per_read
    return stream


def reads_of(corpus, **settings):
    return list(make_stream(corpus, **settings).reads())


@pytest.mark.parametrize("batch_size", [64, 2048])
def test_batches_are_as_large_as_asked(batch_size):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, N_WORDS, 20_000).astype(np.int32)
    stream = TokenStream(
        EncodedCorpus(ids, np.arange(0, 20_001, 10)),
        np.bincount(ids),
        sample=0.01,  # keeps about half
        ns_exponent=0.75,
        negative=5,
        window=2,
        batch_size=batch_size,
        chunk=2048,
        n_shared=3,
        tokens_per_read=1000,
        prepare=None,
        generator=torch.Generator().manual_seed(0),
    )
    assert 0.4 < stream.n_kept / 20_000 < 0.6
    sizes = [len(chunk.weight) for read in stream.reads() for chunk in read.chunks]
    assert max(sizes) == batch_size
    assert np.percentile(sizes, 75) > 0.9 * batch_size  # the rest ends a read


def test_every_token_is_a_centre_once_and_in_order(corpus):
    window = CHUNKING.window
    tokens, start = [], 0
    for read in reads_of(corpus):
        for chunk in read.chunks:
            n_tokens = chunk.n_read - start  # the rest is padding
            tokens.append(read.loan.words[chunk.centres][window : window + n_tokens])
            start = chunk.n_read
    np.testing.assert_array_equal(torch.cat(tokens), corpus.ids)


def test_centres_are_contexts_too(corpus):
    for read, of_ids in zip(reads_of(corpus), reads_of(corpus, prepare=None), strict=True):
        for chunk, same in zip(read.chunks[:-1], of_ids.chunks[:-1], strict=True):
            inner = slice(CHUNKING.window, -CHUNKING.window)
            assert torch.equal(read.loan.words[chunk.centres[inner]], chunk.contexts[inner])
            assert torch.equal(same.centres, chunk.contexts)


def test_contexts_are_near_and_of_the_same_sentence_and_chunk(corpus):
    sentence = np.repeat(np.arange(len(corpus.offsets) - 1), np.diff(corpus.offsets))
    start, longest, missing = 0, 0, 0
    for read in reads_of(corpus):
        for chunk in read.chunks:
            mask = chunk.mask.flatten(0, 1).numpy()
            n_tokens = chunk.n_read - start
            assert mask[n_tokens:].sum() == 0  # padding
            token, column = mask.nonzero()
            distance = column - CHUNKING.window
            assert (distance != 0).all()
            longest = max(longest, np.abs(distance).max())
            context = token + distance
            assert context.min() >= 0 and context.max() < n_tokens
            np.testing.assert_array_equal(sentence[start + context], sentence[start + token])
            neighbours = np.diff(sentence[start : start + n_tokens]) == 0
            missing += 2 * neighbours.sum() - (np.abs(distance) == 1).sum()
            start = chunk.n_read
    assert longest == CHUNKING.window
    assert missing == 0  # the nearest are in every window


def test_negatives_weigh_as_many_as_are_asked_for(corpus):
    for read in reads_of(corpus):
        for chunk in read.chunks:
            n_contexts = chunk.mask.sum(dim=2).flatten()
            expected = n_contexts * CHUNKING.negative / CHUNKING.n_shared
            torch.testing.assert_close(chunk.weight, expected)


@pytest.mark.parametrize("prepare", [None, lend])
def test_rows_are_named_by_their_words(corpus, prepare):
    window = CHUNKING.window
    for read in reads_of(corpus, keep=0.7, prepare=prepare):
        for chunk in read.chunks:
            rows = torch.cat([chunk.contexts, chunk.negatives.flatten()])
            real = torch.zeros(len(rows), dtype=bool)
            real[window : window + len(chunk.weight)] = True
            real[len(chunk.contexts) :] = True
            check_rows(chunk.outputs, rows, real)
            check_rows(chunk.inputs, chunk.centres[window:-window])


def check_rows(rows, ids, real=None):
    """Every real row is named once; padding comes last among the tokens and is not named."""
    (places, members, offsets), found = rows.repeated, torch.full_like(ids, -1, dtype=torch.int64)
    found[rows.first] = rows.index
    found[members] = torch.repeat_interleave(rows.index[places], offsets.diff())
    named = found >= 0
    assert torch.equal(found[named], ids[named])
    assert len(rows.first) - len(places) + len(members) == named.sum()
    real = torch.ones_like(named) if real is None else real
    assert not (named & ~real).any()
    missing = real & ~named
    assert missing.sum() < CHUNKING.group and (ids[missing] == 0).all()
    assert (rows.index.diff() > 0).all()


@pytest.mark.parametrize(
    ("batch_size", "n_tokens", "expected"),
    [
        ("auto", 10**7, 1024),
        ("auto", 300_000, 576),
        ("auto", 10, 256),
        (200, 10**7, 192),
        (2**40, 1000, 1024),
    ],
)
def test_chunks_are_multiples_of_the_group(batch_size, n_tokens, expected):
    assert _chunk_tokens(batch_size, 1024, n_tokens) == expected


def test_large_vocabularies_are_grouped_in_64_bits():
    ids = torch.tensor([3, 1, 3, 0, 2, 2, 1], dtype=torch.int32)
    parts = [(ids, 3, torch.tensor([0, 10, 20], dtype=torch.int32))]
    few, many = (_rows_by_chunk(parts, n_rows) for n_rows in (4, 2**31 - 1))
    assert [rows.first.tolist() for rows in few] == [[1, 0], [10, 11], [20]]
    assert [rows.repeated.members.tolist() for rows in few] == [[0, 2], [11, 12], []]
    for expected, found in zip(few, many, strict=True):
        flat = ((*rows[:2], *rows.repeated) for rows in (expected, found))
        assert all(map(torch.equal, *flat))


def test_reads_count_the_whole_corpus(corpus):
    reads = reads_of(corpus, keep=0.5)
    counts = [chunk.n_read for read in reads for chunk in read.chunks]
    assert counts == sorted(counts)
    assert counts[-1] == len(corpus.ids)
    assert len(reads) > 1


def test_a_read_is_drawn_again_from_the_state_before_it(corpus):
    reads = reads_of(corpus, keep=0.5)
    stream = make_stream(corpus, keep=0.5)
    stream.generator.set_state(reads[1].generator)
    again = next(stream.reads(first=reads[1].last))
    assert torch.equal(again.loan.words, reads[2].loan.words)
    for first, second in zip(again.chunks, reads[2].chunks, strict=True):
        assert torch.equal(first.negatives, second.negatives)
        assert torch.equal(first.mask, second.mask)


def test_shards_share_the_corpus_and_have_equally_many_reads(corpus):
    whole = reads_of(corpus, tokens_per_read=50)
    shards = [reads_of(corpus, tokens_per_read=50, shard=(i, 3)) for i in range(3)]
    assert len({len(reads) for reads in shards}) == 1
    assert len(whole) % 3 != 0  # so that some shard has an empty last read
    in_turn = [read for turn in zip(*shards, strict=True) for read in turn]
    for expected, found in zip(whole, in_turn, strict=False):
        assert torch.equal(expected.loan.words, found.loan.words)
    assert all(read.chunks == [] for read in in_turn[len(whole) :])


def test_subsampling_may_leave_nothing(corpus):
    for read in reads_of(corpus, keep=0.0):
        assert read.chunks == []
        assert len(read.loan.words) == 0
