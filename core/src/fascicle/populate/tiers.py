"""Tables that compute their own rows: imported from files, or computed from other tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from fascicle.errors import MakeError
from fascicle.model import Attribute, Tier
from fascicle.table.base import Table
from fascicle.table.dual import dualmethod, dualproperty

if TYPE_CHECKING:
    from fascicle.populate.jobs.table import JobTable
    from fascicle.populate.static import ContractFinding
    from fascicle.populate.summary import PopulateSummary
    from fascicle.populate.upstream import Upstream
    from fascicle.table.expression import QueryExpression
    from fascicle.table.runtime import Runtime


class AutoPopulated(Table):
    """A table whose rows ``make`` inserts, one key of its key source at a time.

    Subclasses give ``make(self, key)``, or the three methods ``make_fetch(self, key)``,
    ``make_compute(self, key, *fetched)`` and ``make_insert(self, key, *computed)``, or a ``make`` that is a
    generator with a ``yield`` after fetching and another after computing.

    Attributes
    ----------
    contract : {"error", "warn", "off"} or None
        What happens when ``make`` reads outside its upstream or writes outside its table; by default as the
        setting ``contract`` says.
    writes : tuple of type
        Further tables into which ``make`` inserts.
    """

    contract: ClassVar[str | None] = None
    writes: ClassVar[tuple[Any, ...]] = ()

    @dualproperty
    def key_source(self) -> QueryExpression:
        """Keys for which there should be rows: by default the join of the parents in the primary key."""
        from fascicle.populate.keysource import default_key_source

        return default_key_source(self)

    @dualproperty
    def upstream(self) -> Upstream:
        """Ancestors of the key being made, or of the rows of a restricted table, by class or name."""
        from fascicle.populate.upstream import upstream_of

        return upstream_of(self)

    @dualproperty
    def jobs(self) -> JobTable:
        """The table's jobs, which workers claim; its table is declared at first use."""
        from fascicle.populate.jobs.table import jobs_of

        return jobs_of(self)

    # Typed so that subclasses may take what they need: make(self, key), make(self, key, factor=1), ...
    def make(self, *args: Any, **kwargs: Any) -> Any:
        """Insert the row of one key, and its parts.

        Parameters
        ----------
        *args : dict
            One argument: a key of the key source.
        **kwargs
            What the caller of `populate` passed as ``make_kwargs``.
        """
        raise MakeError(
            f"{type(self).__name__} does not say how its rows are made",
            why="it has neither make nor make_fetch, make_compute and make_insert",
            try_="define make(self, key): fetch from upstream, compute, self.insert1(...)",
        )

    @classmethod
    def _hidden_attributes(cls, runtime: Runtime) -> tuple[Attribute, ...]:
        from fascicle.populate.metadata import HIDDEN

        return HIDDEN if runtime.config["jobs.add_job_metadata"] else ()

    def _check_insert_allowed(self, allow_direct_insert: bool | None) -> None:
        from fascicle.populate.making import current_making

        if allow_direct_insert:
            return
        making = current_making()
        if making is not None and making.admits(self._bound().name):
            return
        raise MakeError(
            f"rows of the {self.tier} table {type(self).__name__} are inserted by its make",
            why="a computed row must be what make computes from upstream, or nobody could tell what it is",
            try_=f"call {type(self).__name__}.populate(), or pass allow_direct_insert=True if you mean it",
        )

    @dualmethod
    def populate(  # noqa: PLR0913  (the published signature)
        self,
        *restrictions: Any,
        suppress_errors: bool = False,
        return_exception_objects: bool = False,
        reserve_jobs: bool = False,
        max_calls: int | None = None,
        display_progress: bool = False,
        processes: int = 1,
        make_kwargs: dict[str, Any] | None = None,
        order: str = "original",
        limit: int | None = None,
        keys: Any = None,
        priority: int | None = None,
        refresh: bool | str | None = None,
        executor: str | None = None,
    ) -> PopulateSummary:
        """Call ``make`` for every key of the key source that has no row yet.

        Parameters
        ----------
        *restrictions
            Conditions on the key source, all of which must hold.
        suppress_errors : bool
            Note errors in the summary and go on with the next key.
        return_exception_objects : bool
            Put exceptions into the summary instead of their messages.
        reserve_jobs : bool
            Claim keys in the job table, so that several workers share the work.
        max_calls : int, optional
            Most keys to make.
        display_progress : bool
            Show a progress display.
        processes : int
            Worker processes.
        make_kwargs : dict, optional
            Further arguments of ``make`` (of ``make_fetch`` in the three-method form).
        order : {"original", "reverse", "random"}
            Order of the keys; ``"original"`` is the order of the key.
        limit : int, optional
            Most keys to consider.
        keys : sequence of dict, optional
            Keys to make, instead of what the key source lacks; restrictions do not apply.
        priority : int, optional
            With `reserve_jobs`: take only jobs of this priority or a more urgent (lower) one.
        refresh : bool or "full", optional
            With `reserve_jobs`: whether to look for new keys first; ``"full"`` compares the whole key source.

        executor : str, optional
            Where makes run: ``"inline"``, ``"processes"``, or what a package offers.

        Returns
        -------
        PopulateSummary
            A mapping with ``success_count`` and ``error_list``; it also says why nothing ran.

        Raises
        ------
        MakeError
            If the call cannot work.  Errors of ``make`` pass through unless suppressed.
        """
        from fascicle.populate.options import PopulateOptions
        from fascicle.populate.run import populate

        options = PopulateOptions(
            restrictions,
            suppress_errors=suppress_errors,
            return_exception_objects=return_exception_objects,
            reserve_jobs=reserve_jobs,
            max_calls=max_calls,
            display_progress=display_progress,
            processes=processes,
            make_kwargs=dict(make_kwargs or {}),
            order=order,
            limit=limit,
            keys=keys,
            priority=priority,
            refresh=refresh,
            executor=executor,
        )
        return populate(self, options)

    @dualmethod
    def progress(self, *restrictions: Any, display: bool = False) -> tuple[int, int]:
        """Count the keys that have no row yet, and all keys of the key source, in one round trip.

        Parameters
        ----------
        *restrictions
            Conditions on the key source.
        display : bool
            Also tell the person (terminal or notebook).

        Returns
        -------
        (int, int)
            Remaining and total.
        """
        from fascicle.populate.keysource import progress

        return progress(self, restrictions, display)

    @dualmethod
    def stale(
        self,
        *restrictions: Any,
        why: bool = False,
        verify: bool = False,
        make_kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Find rows that are out of date: code, parameters or rows that they were made of have changed since.

        A row counts as stale too where a computed row that it was made of is stale.  Rows without provenance (other
        clients' rows) are not judged.

        Parameters
        ----------
        *restrictions
            Look only at these rows.
        why : bool
            Return keys with reasons instead of a query.
        verify : bool
            Read the inputs again and compare, which also sees what other clients wrote.  A make in three
            methods only fetches for that; a plain one runs up to its first insert.
        make_kwargs : dict, optional
            Also compare with these parameters.

        Returns
        -------
        Table or list of dict
            The stale rows as a query; with `why` one dict for each, of its key and ``why`` (list of str).
        """
        from fascicle.populate.provenance.stale import stale

        return stale(self, restrictions, why=why, verify=verify, make_kwargs=make_kwargs)

    @dualmethod
    def repopulate(
        self,
        *restrictions: Any,
        prompt: bool | None = None,
        also_delete: tuple[Any, ...] = (),
        make_kwargs: dict[str, Any] | None = None,
        suppress_errors: bool = False,
    ) -> PopulateSummary:
        """Make rows again: compute first, then replace the old rows in one transaction for each key.

        The row itself is changed in place, so that rows which refer to it stay (and become stale).  Part rows that
        the new result lacks are deleted, and computed rows that hang on them.

        Parameters
        ----------
        *restrictions
            Which rows; by default those that are stale.
        prompt : bool, optional
            Ask first, showing what would happen; by default as the setting ``safemode`` says.
        also_delete : tuple of type
            Tables filled by people whose rows may be deleted where they hang on part rows that go.
        make_kwargs, suppress_errors
            As for `populate`.

        Returns
        -------
        PopulateSummary

        Raises
        ------
        MakeError
            If people's rows would go that are not named; nothing is replaced for that key.
        ConfirmationRequired
            If nobody agrees.
        """
        from fascicle.populate.provenance.repopulate import repopulate

        return repopulate(
            self,
            restrictions,
            prompt=prompt,
            also_delete=also_delete,
            make_kwargs=make_kwargs,
            suppress_errors=suppress_errors,
        )

    @dualmethod
    def export_prov(self) -> dict[str, Any]:
        """Describe where the rows of this query come from, as a W3C PROV-JSON document.

        Returns
        -------
        dict
            Entities are rows, activities are makes, agents are who ran them; ``json.dumps`` writes it.
        """
        from fascicle.populate.provenance.prov import export_prov

        return export_prov(self, self)

    @dualmethod
    def check_contract(self) -> list[ContractFinding]:
        """Check the code of make against its contract without running it; see `fascicle.populate.static`."""
        from fascicle.populate.static import check_make

        return check_make(self)


class Imported(AutoPopulated):
    """Rows that ``make`` reads from files and instruments outside the database."""

    tier: ClassVar[Tier] = Tier.IMPORTED


class Computed(AutoPopulated):
    """Rows that ``make`` computes from upstream tables alone."""

    tier: ClassVar[Tier] = Tier.COMPUTED
