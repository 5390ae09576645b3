"""Questions from the documents alone, by rules, without a language model.

Up to half of the questions are headings (headings.py). The others are made of one sentence of a
passage each, after the cloze translation of Lewis, Denoyer and Riedel (ACL 2019): a word is taken
out as the answer, and its clause becomes the question. A clause that is taken out of its passage no
longer says what it speaks of, so a telling word of the passage is put before it. Two ways keep the
words from giving the passage away. For two questions in three the sentence is hidden, that is,
taken out of the passage before that is embedded (hide.py); for the third its words are replaced by
synonyms and other forms, and some left out (rewrite.py).

Why both: of hidden sentences models of counted words find too little (a word that stands nowhere
else is lost), of rewritten ones too much (a word that stays is still a rare one). Tuned on SQuAD
v1.1, which has no headings (545 paragraphs, nine models from ordinal words to MiniLM): there the
mixture ranks the models by vectors alone as people's questions do, with a Kendall's tau of 0.89.
Where people take care to use other words than the documents, models of sentences look worse than
they are, and headings make up for some of that: by 80 questions about sample_docs, on which the
share of headings was chosen, tau is 0.56 without them and 0.80 with a half, and MiniLM comes first,
as by people's questions, instead of TF-IDF.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import log
from random import Random

from rag_app.answering.sentences import split_sentences
from rag_app.answering.words import is_function_word
from rag_app.evaluation.clauses import LEAST, Asked, ask_clause, ask_definition
from rag_app.evaluation.headings import Headings
from rag_app.evaluation.hide import can_hide
from rag_app.evaluation.passages import Passage, Passages
from rag_app.evaluation.questions import EvalQuestion, with_twins
from rag_app.evaluation.rewrite import Rewriter, Shares, Vocabulary, is_content, split
from rag_app.store.languages import stemmer_of

_NOT_ASKED = (
    *("ar", "bn", "el", "fa", "gu", "he", "hi", "hy", "ja", "ka", "kn"),
    *("ko", "ml", "mr", "ne", "pa", "ta", "te", "th", "ur", "zh"),
)
"""Languages in scripts other than Latin and Cyrillic, whose clauses the rules do not know."""

MOST_FROM_ONE = 3
"""Questions of one passage, where a collection has few passages."""
BY_HEADING = 0.5
"""The largest share of questions that are headings (headings.py)."""
HIDDEN = 0.65
"""Share of the others whose sentence is hidden."""
LONGEST_HIDDEN, LONGEST_SHOWN = 20, 14
"""Words of a clause."""
NAMED = 0.5
"""How often a clause of a sentence that stays gets a word of its passage; a hidden one always."""
_COMMON = 3
"""A word of fewer passages than this would give the passage away."""
_FORMAL = 0.2
"""Least share of function words in a sentence."""
_REPEATED = 3
"""A sentence of more passages than this is furniture, not content."""


def generate_questions(passages: Passages, count: int, seed: int = 0) -> list[EvalQuestion]:
    """Makes up to ``count`` questions, the same for the same passages and seed.

    Fewer come back from a small collection, and from one in a language without spaces between
    words, whose text the rules cannot read.
    """
    random = Random(seed)  # noqa: S311 - no secret
    makers = _makers(passages)
    order = [passage for passage in passages.all if passage.document.id in makers]
    random.shuffle(order)
    headings = (makers[one.document.id].headings.question(one) for one in order)
    found = {one.question: one for one in headings if one is not None}
    found = dict(list(found.items())[: round(BY_HEADING * count)])
    asked_for = {id_ for one in found.values() for id_ in one.chunk_ids}
    # A passage that lost its heading to one question is the last to lose a sentence to another.
    order.sort(key=lambda passage: passage.id in asked_for)
    drafts = {one.id: _of_passage(makers[one.document.id], one, random) for one in order}
    for _ in range(MOST_FROM_ONE):
        for passage in order:
            question = next(drafts[passage.id], None) if len(found) < count else None
            if question is not None:
                found.setdefault(question.question, question)
    made = list(found.values())
    if asked_for:
        random.shuffle(made)
    return made


def _makers(passages: Passages) -> dict[str, _Maker]:
    """For each document the maker of its language."""
    by_language: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages.all:
        by_language[passages.languages[passage.document.id]].append(passage)
    made = {
        code: _Maker(passages, own, stemmer_of(code))
        for code, own in by_language.items()
        if code not in _NOT_ASKED
    }
    return {id_: made[code] for id_, code in passages.languages.items() if code in made}


class _Maker:
    """Makes questions of the passages of one language."""

    def __init__(self, passages: Passages, own: list[Passage], language: str) -> None:
        self.passages = passages
        self.vocabulary = Vocabulary((passage.chunk.text for passage in own), language)
        self.shares = Shares()
        self.headings = Headings(passages, own)
        self.holders: dict[str, list[str]] = defaultdict(list)
        """Passages by sentence."""
        for passage in own:
            for sentence in split_sentences(passage.chunk.text, passage.chunk.headings):
                self.holders[sentence.text].append(passage.id)

    def question(
        self, passage: Passage, sentence: str, random: Random, *, hidden: bool
    ) -> EvalQuestion | None:
        """One question about a sentence, or None if it does not lend itself to one."""
        longest = LONGEST_HIDDEN if hidden else LONGEST_SHOWN
        asked = ask_definition(sentence, self.vocabulary, longest) or ask_clause(
            sentence, self.vocabulary, random, longest
        )
        if asked is None:
            return None
        words = list(asked.words)
        if not hidden:
            words = Rewriter(self.vocabulary, passage.chunk.text, random, self.shares).rewrite(
                words
            )
        if hidden or random.random() < NAMED:
            rest = passage.chunk.text.replace(sentence, " ") if hidden else passage.chunk.text
            words = [*self._subject(passage, rest, asked), *words]
        if sum(map(is_content, words)) < LEAST:
            return None
        if asked.asking:
            words.insert(0, random.choice(asked.asking))
        return EvalQuestion(
            " ".join(words) + "?",
            passage.document.id,
            passage.chunk.page,
            (with_twins(self.holders[sentence], self.passages),),
            "offline",
            sentence,
            hidden,
        )

    def _subject(self, passage: Passage, text: str, asked: Asked) -> list[str]:
        """The most telling word of a passage: often in it, and seldom in others."""
        known = {self.vocabulary.stem(word) for word in (*asked.words, asked.answer)}
        heading = split(passage.chunk.section)
        counts = Counter(word for word in (*heading, *split(text)) if self._tells(word, known))
        if not counts:
            return []
        return [max(counts, key=lambda word: (counts[word] * self._rarity(word), word))]

    def _tells(self, word: str, known: set[str]) -> bool:
        if len(word) < 3 or not word.isalpha() or not is_content(word):
            return False
        number = self.vocabulary.passages_with(word)
        common = min(_COMMON, self.vocabulary.count // 20)
        return common <= number <= max(1, self.vocabulary.count / 5) and (
            self.vocabulary.stem(word) not in known
        )

    def _rarity(self, word: str) -> float:
        return log(1 + self.vocabulary.count / max(1, self.vocabulary.passages_with(word)))


def _of_passage(maker: _Maker, passage: Passage, random: Random) -> Iterator[EvalQuestion]:
    """Questions of one passage, each of another sentence, in random order."""
    sentences = [
        sentence.text
        for sentence in split_sentences(passage.chunk.text, passage.chunk.headings)
        if len(maker.holders[sentence.text]) <= _REPEATED and _is_prose(sentence.text)
    ]
    random.shuffle(sentences)
    for sentence in sentences:
        hidden = random.random() < HIDDEN
        if hidden and not can_hide(sentence, passage.chunk.text):
            # Rather another sentence of the passage than one that stays.
            others = [one for one in sentences if can_hide(one, passage.chunk.text)]
            if others:
                continue
            hidden = False
        question = maker.question(passage, sentence, random, hidden=hidden)
        if question is not None:
            yield question


def _is_prose(sentence: str) -> bool:
    """Whether it is a sentence, and not a row of a table, a label or a line of a form."""
    words = split(sentence)
    ends = sentence.rstrip("\"'”’»)]*_ ").endswith((".", "!", "?"))
    formal = sum(is_function_word(word) for word in words)
    return ends and sentence[:1].isalnum() and formal >= _FORMAL * len(words)
