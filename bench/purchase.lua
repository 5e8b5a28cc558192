-- wrk: buys with codes of checkouts, each once. Argument: the file with the codes, one a line. Use one thread (-t1).
local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(arguments)
    codes = {}
    for line in io.lines(arguments[1]) do
        codes[#codes + 1] = line
    end
    sent, bought, pending, other, exhausted = 0, 0, 0, 0, 0
end

function request()
    sent = sent + 1
    if sent > #codes then
        exhausted = 1
        sent = 1
        wrk.thread:stop()
    end
    return "POST /purchase?code=" .. codes[sent] .. " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
end

function response(status)
    if status == 200 then
        bought = bought + 1
    elseif status == 202 then
        pending = pending + 1
    else
        other = other + 1
    end
end

function done(summary, latency)
    local errors = summary.errors
    local thread = threads[1]
    io.write(string.format(
        'RESULT {"requests":%d,"microseconds":%d,"bought":%d,"pending":%d,"other":%d,"exhausted":%d,'
            .. '"network_errors":%d,"p50_us":%d,"p99_us":%d}\n',
        summary.requests, summary.duration, thread:get("bought"), thread:get("pending"), thread:get("other"),
        thread:get("exhausted"), errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
