"""A small pipeline: subjects, sessions, recordings with channels, and statistics computed from them."""

from __future__ import annotations

import fascicle as fc

schema = fc.Schema()


@schema
class Subject(fc.Manual):
    """Animals."""

    definition = """
    # animal in the colony
    subject_id : varchar(32)
    ---
    species    : varchar(64)
    born_on = null : date
    """


@schema
class Session(fc.Manual):
    """Experimental sessions."""

    definition = """
    # one visit to the rig
    -> Subject
    session_id   : int32
    ---
    session_date : date
    notes = ''   : varchar(200)
    """


@schema
class Filter(fc.Lookup):
    """Parameter sets of the statistic."""

    definition = """
    # how traces are smoothed before they are summarised
    filter_id : int16
    ---
    width_samples : int32   # width of the moving average
    """
    contents = ((1, 1), (2, 25))


@schema
class Recording(fc.Manual):
    """Recordings with their channels."""

    definition = """
    # broadband recording of a session
    -> Session
    ---
    sampling_rate_hz : float64
    """

    class Channel(fc.Part):
        """Traces of one channel."""

        definition = """
        # one channel of a recording
        -> master
        channel : int16
        ---
        trace_uv : <blob>   # voltage, float32, one value per sample
        """


@schema
class ChannelNoise(fc.Computed):
    """Noise of each channel under each filter."""

    definition = """
    # root mean square of the smoothed trace
    -> Recording.Channel
    -> Filter
    ---
    rms_uv : float64
    """

    def make(self, key: dict[str, object]) -> None:
        """Smooth the trace and store its root mean square."""
        import numpy as np

        trace = (Recording.Channel & key).fetch1("trace_uv").astype(float)
        width = (Filter & key).fetch1("width_samples")
        smooth = np.convolve(trace, np.ones(width) / width, mode="valid")
        self.insert1({**key, "rms_uv": float(np.sqrt(np.mean(smooth**2)))})
