-- Calls that were prepared, for wrk, each sent once: a file of lines with path, token, Idempotency-Key and body, with tabs
-- between them.  Ends when there are no more, and prints what came of it as JSON.

local thread_of_all

function setup(thread)
	thread_of_all = thread
end

function init(args)
	lines = {}
	for line in io.lines(args[1]) do
		lines[#lines + 1] = line
	end
	sent = 0
end

function request()
	if sent >= #lines then
		wrk.thread:stop()
		return wrk.format("GET", "/")
	end
	sent = sent + 1
	local path, token, key, body = lines[sent]:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
	return wrk.format("POST", path, {
		["Authorization"] = "Bearer " .. token, ["Idempotency-Key"] = key, ["Content-Type"] = "application/json",
	}, body)
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format('{"sent": %d, "replies": %d, "us": %d, "p50_us": %d, "p99_us": %d, "failed": %d}\n',
		thread_of_all:get("sent"), summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
		e.status + e.connect + e.read + e.write + e.timeout))
end
