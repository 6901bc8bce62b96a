// An upload by the tus project's own client, one request at a time: it says "next" before each and waits for a line, so that a test
// can do something to the server in between.  What fails is tried again, as the client does by itself.
//
// MOA_TUS is {"endpoint", "token", "file", "chunk", "override"}.  At the end it prints {"url", "retries"}.

import { createReadStream, statSync } from 'node:fs'
import { createInterface } from 'node:readline'

import { Upload } from 'tus-js-client'

const { endpoint, token, file, chunk, override } = JSON.parse(process.env.MOA_TUS)
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
let retries = 0

const upload = new Upload(createReadStream(file), {
	endpoint,
	uploadSize: statSync(file).size,
	chunkSize: chunk,
	uploadDataDuringCreation: true,
	overridePatchMethod: override,
	retryDelays: [0, 200, 300, 500, 500, 500, 1000, 1000, 1000],
	headers: { Authorization: `Bearer ${token}` },
	metadata: { filename: '한강.mp4', filetype: 'video/mp4' },
	onBeforeRequest: async () => {
		console.log('next')
		await answers.next()
	},
	onShouldRetry: () => {
		retries++
		return true
	},
	onError: error => {
		console.error(error)
		process.exit(1)
	},
	onSuccess: () => {
		console.log(JSON.stringify({ url: upload.url, retries }))
		process.exit(0)
	},
})

upload.start()
