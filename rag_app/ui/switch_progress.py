"""A change of model on the page: at work, how it ended, and what an interrupted one has left."""

from __future__ import annotations

import streamlit as st

from rag_app.store import CollectionInfo, Generations
from rag_app.ui import problems, switch_dialog, switch_prune, wording
from rag_app.ui.markup import quoted
from rag_app.ui.problems import callback
from rag_app.ui.resources import Resources
from rag_app.ui.stoppable import follow
from rag_app.ui.switch_work import BackJob, IndexJob, SwitchJob, switches

DONE = ":green[:material/check_circle:]"
LEFT = ":orange[:material/info:]"
STAGES = {
    "model": "getting the model ready",
    "fit": "the model learns from your passages",
    "passages": "embedding the passages",
    "waiting": "waiting for another process that writes to this collection",
    "index": "putting the new index together",
    "compare": "comparing the two models on the saved questions",
}


def show(shared: Resources, info: CollectionInfo) -> None:
    """Draws what there is to say of a collection's models; mostly that is nothing."""
    running, ended = switches().running(info.name), switches().ended(info.name)
    if running is not None:
        follow(running, share, described, "switch")
        return
    if ended is not None:
        _ended(shared, ended)
        return
    generations = shared.store.generations(info.name)
    if not _owed(shared, generations):
        _unfinished(shared, generations)


def share(job: IndexJob) -> float:
    """How much is done, by passages."""
    progress = job.progress
    if progress is None:
        return 0.1 * job.fitted
    if not progress.chunks_known:
        return 0.99 if job.stage in ("index", "compare") else 0.0
    return 0.1 * job.fitted + (0.99 - 0.1 * job.fitted) * min(
        1.0, progress.chunks_done / progress.chunks_known
    )


def described(job: IndexJob) -> str:
    """What is being done, and how long it takes still."""
    parts = [STAGES[job.stage]]
    progress = job.progress
    if progress is not None and job.stage == "passages":
        done, known = progress.chunks_done, progress.chunks_known
        parts.append(f"{done:,} of {wording.count(known, 'passage')}")
        if done and progress.seconds > 1:
            left = progress.seconds * (known - done) / done
            parts.append(f"about {wording.seconds(max(left, 1))} left")
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]


def _ended(shared: Resources, job: IndexJob) -> None:
    ending = job.result
    with st.container(border=True, key="switch_ended", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            if ending is None:
                problems.show(job.error)
            else:
                st.markdown(f"{DONE if ending.complete else LEFT} {quoted(ending.sentence)}")
            st.space("stretch")
            st.button(
                "",
                icon=":material/close:",
                type="tertiary",
                key="switch_close",
                help="Close this report",
                on_click=switches().dismiss,
                args=(job.collection,),
            )
        for remark in ending.remarks if ending else ():
            st.caption(quoted(remark))
        if ending is not None and ending.complete:
            return
        if isinstance(job, SwitchJob):
            _go_on(shared, job.collection, job.asked)
        else:
            _take_over(shared, job.collection)


def _owed(shared: Resources, generations: Generations) -> bool:
    """What a rollback has left to be taken over."""
    owed = generations.debts().total
    if owed:
        with st.container(border=True, key="switch_owed", gap="small"):
            st.markdown(
                f"{LEFT} {wording.are(owed, 'file')} not taken over yet, added or changed before "
                "this collection went back to its former model."
            )
            _take_over(shared, generations.name)
    return bool(owed)


def _unfinished(shared: Resources, generations: Generations) -> None:
    """A next index that an interrupted switch has left."""
    following = generations.get("next")
    if following is None:
        return
    begun, live = following.info, generations.live.info
    with st.container(border=True, key="switch_unfinished", gap="small"):
        st.markdown(
            f"{LEFT} A switch to {quoted(begun.embedding.spec)} was begun "
            f"{wording.when(begun.created_at)} and is not finished: {begun.chunks:,} of "
            f"{wording.count(live.chunks, 'passage')} are there. {quoted(live.embedding.spec)} "
            "answers."
        )
        with st.container(horizontal=True):
            _go_on(shared, generations.name, begun.asked or begun.embedding.spec)
            switch_prune.offer(generations, "next", "Drop it", "switch_drop")


def _go_on(shared: Resources, name: str, asked: str) -> None:
    if st.button("Go on", icon=":material/play_arrow:", key="switch_again"):
        switch_dialog.show(shared, name, asked)


def _take_over(shared: Resources, name: str) -> None:
    st.button(
        "Take them over",
        icon=":material/play_arrow:",
        key="switch_take_over",
        on_click=_catch_up,
        args=(shared, name),
    )


@callback
def _catch_up(shared: Resources, name: str) -> None:
    switches().start(name, BackJob(shared.settings, name))
