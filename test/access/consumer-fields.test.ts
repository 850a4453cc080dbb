import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConsumerFields } from '../../src/access/consumer-fields.ts'
import { AUTH, ISSUER } from './auth.ts'

const ACCESS = { allow: [], deny: [], satisfy: 'all' } as const

suite('fields that tell who calls', () => {
  test('are the consumer and how that was proven', () => {
    const fields = new ConsumerFields(AUTH, {})
    const told = fields.of({ consumer: 'acme', consumerAuth: 'apiKeys:partners' })
    assert.deepEqual(told, ['x-consumer', 'acme', 'x-consumer-auth', 'apiKeys:partners'])
  })

  test('are none of somebody who is not known', () => {
    assert.deepEqual(new ConsumerFields(AUTH, {}).of({ consumer: undefined, consumerAuth: undefined }), [])
  })

  test('never hold a line break, whatever a token calls its subject', () => {
    const told = new ConsumerFields(AUTH, {}).of({
      consumer: 'a\r\nx-admin: 1\u0000é',
      consumerAuth: 'jwt:shop'
    })
    assert.match(told[1]!, /^[\x21-\x7e]+$/)
  })

  test('of a client go no further, however they are spelled', () => {
    const fields = new ConsumerFields(AUTH, {})
    for (const name of [
      'x-consumer',
      'x_consumer',
      'x-consumer_auth',
      'x.consumer',
      'x~consumer',
      'x_consumer-auth'
    ])
      assert.equal(fields.isWithheld(name), true, name)
    for (const name of ['x-consumers', 'consumer', 'x-consumer-id', 'xx-consumer', 'x--consumer'])
      assert.equal(fields.isWithheld(name), false, name)
  })

  test('have the name that the configuration gives them', () => {
    const fields = new ConsumerFields({ ...AUTH, consumerHeader: 'shop-user' }, {})
    assert.equal(fields.isWithheld('shop_user'), true)
    assert.equal(fields.isWithheld('x-consumer'), false)
  })
})

suite('credentials', () => {
  test('go no further where the route has checked the key', () => {
    const [checked, other] = [{ access: { ...ACCESS, apiKeys: 'partners' } }, {}].map(
      (route) => new ConsumerFields(AUTH, route)
    )
    assert.deepEqual([checked!.isWithheld('x-api-key'), other!.isWithheld('x-api-key')], [true, false])
  })

  test('of a token go no further where a key was enough and nobody has checked it, nor in trailers', () => {
    const route = { access: { ...ACCESS, apiKeys: 'partners', jwt: 'shop', satisfy: 'any' } } as const
    const fields = new ConsumerFields(AUTH, route)
    const byKey = { consumer: 'acme', consumerAuth: 'apiKeys:partners' }
    assert.equal(fields.isWithheld('authorization', byKey), true)
    assert.equal(fields.isWithheld('authorization'), true)
    const keyOnly = new ConsumerFields(AUTH, { access: { ...ACCESS, apiKeys: 'partners' } })
    assert.equal(keyOnly.isWithheld('authorization', byKey), false, 'the backend may ask for one itself')
  })

  test('of a token go further unless its issuer says otherwise', () => {
    const route = { access: { ...ACCESS, jwt: 'shop' } }
    const known = { consumer: 'ann', consumerAuth: 'jwt:shop' }
    assert.equal(new ConsumerFields(AUTH, route).isWithheld('authorization', known), false)
    const kept = { ...AUTH, jwt: [{ ...ISSUER, forward: false }] }
    assert.equal(new ConsumerFields(kept, route).isWithheld('authorization'), true)
  })
})
