// A webhook as the library that Standard Webhooks gives merchants sees it (standardwebhooks): it accepts ours, and nothing that was changed.
//
// MOA_WEBHOOK is a delivery as it came in: {"secret", "headers", "body"}.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Webhook, WebhookVerificationError } from 'standardwebhooks'

const { secret, headers, body } = JSON.parse(process.env.MOA_WEBHOOK)
const webhook = new Webhook(secret)

test('a delivery is accepted', () => {
	assert.deepEqual(webhook.verify(body, headers), JSON.parse(body))
})

test('the library signs as we do', () => {
	const at = new Date(Number(headers['webhook-timestamp']) * 1000)

	assert.equal(webhook.sign(headers['webhook-id'], at, body), headers['webhook-signature'])
})

const changed = {
	'its body': [body.replace(/\d/, '7$&'), headers],
	'its id': [body, { ...headers, 'webhook-id': `${headers['webhook-id']}0` }],
	'its time': [body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) }],
	'its signature': [body, { ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1,', 'v1,A') }],
	'an hour has passed': [body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 3600) }],
}

for (const [what, [changedBody, changedHeaders]] of Object.entries(changed)) {
	test(`refused when changed: ${what}`, () => {
		assert.throws(() => webhook.verify(changedBody, changedHeaders), WebhookVerificationError)
	})
}

test('refused under another secret', () => {
	const other = new Webhook(`whsec_${Buffer.alloc(32, 1).toString('base64')}`)

	assert.throws(() => other.verify(body, headers), WebhookVerificationError)
})
