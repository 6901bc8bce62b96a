// An upload by the tus project's own client, which is broken off on the way and resumed from what the server has kept.
//
// MOA_TUS is {"endpoint", "token", "file", "chunk", "breaks"}: chunk in bytes, breaks the numbers of bytes sent at which to break off.
// Prints {"url", "resumed_at"}: where the upload is, and from which byte on it went on after each break.

import { createReadStream, statSync } from 'node:fs'

import { Upload } from 'tus-js-client'

const { endpoint, token, file, chunk, breaks } = JSON.parse(process.env.MOA_TUS)
const size = statSync(file).size

/* Send until the end, or until so many bytes have left.  Resolves with the upload's URL. */
function send(url, until) {
	return new Promise((resolve, reject) => {
		const upload = new Upload(createReadStream(file), {
			endpoint,
			uploadUrl: url,
			uploadSize: size,
			chunkSize: chunk,
			retryDelays: null,
			headers: { Authorization: `Bearer ${token}` },
			metadata: { filename: 'phone.mp4', filetype: 'video/mp4' },
			onProgress: sent => {
				if (sent >= until && sent < size)
					upload.abort().then(() => resolve(upload.url), reject)
			},
			onError: reject,
			onSuccess: () => resolve(upload.url),
		})

		upload.start()
	})
}

async function received(url) {
	const reply = await fetch(url, { method: 'HEAD', headers: { Authorization: `Bearer ${token}`, 'Tus-Resumable': '1.0.0' } })

	return Number(reply.headers.get('upload-offset'))
}

const resumed_at = []
let url = null

for (const until of breaks) {
	url = await send(url, until)
	resumed_at.push(await received(url))
}
url = await send(url, Infinity)
if (await received(url) !== size)
	throw new Error(`${await received(url)} of ${size} bytes arrived`)
console.log(JSON.stringify({ url, resumed_at }))
process.exit(0)
