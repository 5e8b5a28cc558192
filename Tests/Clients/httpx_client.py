"""Python's httpx, one client."""

import httpx
import lanes


def make():
    client = httpx.Client()

    def post(url):
        try:
            answer = client.post(url)
        except httpx.ConnectError as failure:
            if "refused" in str(failure):
                raise lanes.Refused from failure
            raise
        return answer.status_code, answer.text

    return post


lanes.run("httpx", make)
