"""Python's requests, one session."""

import errno

import lanes
import requests


def refused(failure):
    """Whether somewhere in the chain of causes a connection was refused."""
    while failure is not None:
        if isinstance(failure, OSError) and failure.errno == errno.ECONNREFUSED:
            return True
        reason = getattr(failure, "reason", None) or (failure.args[0] if failure.args else None)
        failure = reason if isinstance(reason, Exception) else failure.__cause__ or failure.__context__
    return False


def make():
    session = requests.Session()

    def post(url):
        try:
            answer = session.post(url)
        except requests.ConnectionError as failure:
            if refused(failure):
                raise lanes.Refused from failure
            raise
        return answer.status_code, answer.text

    return post


lanes.run("requests", make)
