// Access tokens in the hands of another implementation (jose): it accepts ours by our key set, and we refuse what it forges.
//
// MOA_URL is a running system, MOA_SIGNING_KEY the private JWK of its key in use (moa itself never gives that out): some
// forgeries need a signature that is right.

import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { before, test } from 'node:test'

import * as jose from 'jose'

const base = process.env.MOA_URL
const issuer = process.env.MOA_ISSUER ?? 'moa'
const keySet = new URL('/api/v1/auth/jwks.json', base)

let customer, token, header, claims, publicKey, signingKey

// The customer's own data, asked for with this token.
async function me(bearer) {
	const headers = bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }
	const reply = await fetch(new URL('/api/v1/auth/me', base), { headers })

	return { status: reply.status, challenge: reply.headers.get('WWW-Authenticate'), body: await reply.json() }
}

async function refused(bearer, code = 'token_invalid') {
	const reply = await me(bearer)

	assert.equal(reply.status, 401)
	assert.equal(reply.body.code, code)
	assert.match(reply.challenge, /^Bearer/)
}

const encode = (value) => jose.base64url.encode(JSON.stringify(value))

// A token like ours but for what is given, signed with our own key unless another is given.
function signed(changedClaims = {}, changedHeader = {}, key = signingKey) {
	return new jose.SignJWT({ ...claims, ...changedClaims })
		.setProtectedHeader({ ...header, ...changedHeader })
		.sign(key)
}

before(async () => {
	const reply = await fetch(new URL('/api/v1/auth/register', base), {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({
			email: `jose-${randomBytes(8).toString('hex')}@example.com`,
			password: randomUUID(),
			name: 'Jose',
			birth_date: '1990-01-31',
		}),
	})
	assert.equal(reply.status, 201)
	const made = await reply.json()

	customer = made.customer
	token = made.access_token
	header = jose.decodeProtectedHeader(token)
	claims = jose.decodeJwt(token)
	publicKey = (await (await fetch(keySet)).json()).keys.find((key) => key.kid === header.kid)
	signingKey = await jose.importJWK(JSON.parse(process.env.MOA_SIGNING_KEY), 'EdDSA')
})

test('jose verifies our token by our key set', async () => {
	for (const path of ['/api/v1/auth/jwks.json', '/.well-known/jwks.json']) {
		const keys = jose.createRemoteJWKSet(new URL(path, base))
		const { payload, protectedHeader } = await jose.jwtVerify(token, keys, { issuer, audience: issuer })

		assert.equal(protectedHeader.alg, 'EdDSA')
		assert.equal(payload.sub, customer.id)
		assert.equal(payload.role, 'customer')
		assert.equal(payload.exp - payload.iat, 900)
		assert.match(payload.sid, /^[0-9a-f-]{36}$/)
		assert.ok(payload.jti)
	}
})

test('the key set holds public Ed25519 keys only, named by their use', async () => {
	const { keys } = await (await fetch(keySet)).json()

	assert.ok(keys.length >= 1)
	for (const key of keys) {
		assert.deepEqual({ ...key, kid: '', x: '' },
			{ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: '', x: '' })
		assert.equal(jose.base64url.decode(key.x).length, 32)
	}
})

test('our own token is accepted, and so is one that jose signs with our key', async () => {
	assert.equal((await me(token)).status, 200)
	assert.equal((await me(await signed())).status, 200)
})

test('no token', () => refused(undefined, 'token_missing'))

test('alg none', async () => {
	await refused(new jose.UnsecuredJWT(claims).encode())
	for (const alg of ['none', 'None', 'NONE', '']) {
		const forged = `${encode({ ...header, alg })}.${token.split('.')[1]}`

		await refused(`${forged}.`)
		await refused(`${forged}.${token.split('.')[2]}`)
	}
})

test('HS256 with the public key as its secret', async () => {
	for (const secret of [
		jose.base64url.decode(publicKey.x),
		new TextEncoder().encode(publicKey.x),
		new TextEncoder().encode(JSON.stringify(publicKey)),
		new TextEncoder().encode(await jose.exportSPKI(await jose.importJWK(publicKey, 'EdDSA'))),
	])
		await refused(await signed({}, { alg: 'HS256' }, secret))
})

test('another algorithm with its own good signature', async () => {
	const { privateKey } = await jose.generateKeyPair('ES256')

	await refused(await signed({}, { alg: 'ES256' }, privateKey))
})

test('an empty, a short, a long and a changed signature', async () => {
	const [head, body, signature] = token.split('.')
	const bytes = jose.base64url.decode(signature)

	bytes[0] ^= 1
	for (const forged of ['', signature.slice(0, -8), `${signature}AAAA`, jose.base64url.encode(bytes), `${signature}=`])
		await refused(`${head}.${body}.${forged}`)
	await refused(`${head}.${body}`)
	await refused(`${token}.${signature}`)
})

test('a wrong kid, none, and a key of the caller', async () => {
	const { publicKey: own, privateKey } = await jose.generateKeyPair('EdDSA')
	const jwk = await jose.exportJWK(own)

	for (const kid of ['nobody', '', `${header.kid}A`, "' OR 1=1 --", '../../etc/passwd'])
		await refused(await signed({}, { kid }))
	await refused(await signed({}, { kid: undefined }))
	await refused(await signed({}, {}, privateKey))
	await refused(await signed({}, { jwk }, privateKey))
	await refused(await signed({}, { kid: undefined, jwk }, privateKey))
	await refused(await signed({}, { jku: 'https://attacker.example/jwks.json' }, privateKey))
})

test('expired', async () => {
	const now = Math.floor(Date.now() / 1000)

	await refused(await signed({ iat: now - 2000, exp: now - 1000 }), 'token_expired')
	await refused(await signed({ iat: 0, exp: 1 }), 'token_expired')
	await refused(await signed({ exp: undefined }))
})

test('for somebody else, or by somebody else', async () => {
	await refused(await signed({ aud: 'another' }))
	await refused(await signed({ aud: undefined }))
	await refused(await signed({ iss: 'another' }))
	await refused(await signed({ iss: undefined }))
})

test('a changed payload', async () => {
	const [head, , signature] = token.split('.')

	await refused(`${head}.${encode({ ...claims, role: 'admin' })}.${signature}`)
	await refused(`${head}.${encode({ ...claims, sub: randomUUID() })}.${signature}`)
	await refused(`${head}.${encode({ ...claims, exp: claims.exp + 3600 })}.${signature}`)
})

test('critical extensions that we do not know', async () => {
	await refused(await new jose.SignJWT(claims)
		.setProtectedHeader({ ...header, crit: ['b64'], b64: true })
		.sign(signingKey, { crit: { b64: true } }))
})

test('somebody who never was', () => signed({ sub: randomUUID() }).then((forged) => refused(forged)))
