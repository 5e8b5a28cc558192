-- wrk: checkouts of users that never come twice. Arguments: a name for the round, which is part of every user id.
-- With a second argument, the codes of the answers are appended to that file (slower: every answer is looked at).
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(arguments)
    head = "POST /checkout?user_id=" .. (arguments[1] or "wrk") .. "-" .. number .. "-"
    tail = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    sent = 0
    if arguments[2] then
        local codes = assert(io.open(arguments[2] .. "." .. number, "a"))
        codes:setvbuf("full", 65536)
        response = function(status, _, body)
            if status == 201 then
                codes:write(body:match('"code":%s*"([^"]+)"'), "\n")
            end
        end
    end
end

function request()
    sent = sent + 1
    return head .. sent .. "&id=" .. (sent % 100000 + 1) .. tail
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"microseconds":%d,"refused":%d,"network_errors":%d,"p50_us":%d,"p99_us":%d}\n',
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
