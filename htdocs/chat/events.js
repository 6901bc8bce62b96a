/* Server-sent events (WHATWG HTML §9.2) from the body of a fetch, which unlike EventSource can POST and send a token. */

/* Yields {id, event, data} as they come.  Bytes may be cut anywhere; what is unfinished at the end is no event. */
export async function* read_events(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "", event = "", data = [], id = null;

	try {
		for (;;) {
			const { value, done } = await reader.read();

			if (done)
				return;
			rest += value;
			/* A CR at the end may be the first half of a CRLF. */
			const lines = rest.split(/\r\n|\n|\r(?!$)/);
			rest = lines.pop();
			for (const line of lines) {
				if (line === "") {
					if (data.length)
						yield { id, event: event || "message", data: data.join("\n") };
					event = "";
					data = [];
					continue;
				}
				const [, name, text] = /^([^:]*)(?:: ?([\s\S]*))?$/.exec(line);

				if (name === "event")
					event = text ?? "";
				else if (name === "data")
					data.push(text ?? "");
				else if (name === "id")
					id = text ?? "";
			}
		}
	} finally {
		reader.cancel().catch(() => {});
	}
}
