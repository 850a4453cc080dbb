import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  formatTraceparent,
  forwardedTracestate,
  parseTraceparent
} from '../../src/telemetry/trace-context.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT_ID = 'b7ad6b7169203331'
const VALID = `00-${TRACE_ID}-${PARENT_ID}-01`

suite('traceparent', () => {
  test('says the trace, the parent and whether it is sampled', () => {
    const isSampled = (flags: string) => parseTraceparent(`00-${TRACE_ID}-${PARENT_ID}-${flags}`)?.isSampled
    assert.deepEqual(parseTraceparent(VALID), { traceId: TRACE_ID, parentId: PARENT_ID, isSampled: true })
    for (const flags of ['01', '03', '09', 'ff', '0b', 'fd']) assert.equal(isSampled(flags), true, flags)
    for (const flags of ['00', '02', '08', 'fe', '0a', 'fc']) assert.equal(isSampled(flags), false, flags)
  })

  test('of a version to come is read as far as it is known', () => {
    for (const text of [`cc${VALID.slice(2)}`, `01${VALID.slice(2)}-what-comes`, `fe${VALID.slice(2)}-`]) {
      assert.equal(parseTraceparent(text)?.traceId, TRACE_ID, text)
    }
  })

  for (const [wrong, text] of [
    ['nothing', ''],
    ['version ff', `ff${VALID.slice(2)}`],
    ['version 00 with more behind it', `${VALID}-`],
    ['version 00 with more behind it, and a word', `${VALID}-x`],
    ['a version to come that runs on', `01${VALID.slice(2)}0`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT_ID}-01`],
    ['a parent id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['capital letters', VALID.toUpperCase()],
    ['a capital letter in the parent id', `00-${TRACE_ID}-B7ad6b7169203331-01`],
    ['a short trace id', `00-${TRACE_ID.slice(1)}-${PARENT_ID}-01`],
    ['a long trace id', `00-${TRACE_ID}0-${PARENT_ID}-01`],
    ['a short parent id', `00-${TRACE_ID}-${PARENT_ID.slice(1)}-01`],
    ['flags of one digit', VALID.slice(0, -1)],
    ['flags that are none', `00-${TRACE_ID}-${PARENT_ID}-.0`],
    ['no digits', `00-${'g'.repeat(32)}-${PARENT_ID}-01`],
    ['other dashes', VALID.replaceAll('-', '_')],
    ['a space in front', ` ${VALID}`],
    ['a space behind', `${VALID} `],
    ['a line break behind', `${VALID}\n`],
    ['two fields', `${VALID}, ${VALID}`],
    ['two fields of a version to come', `01${VALID.slice(2)}-x, 01${VALID.slice(2)}`]
  ] as const) {
    test(`of ${wrong} is none`, () => assert.equal(parseTraceparent(text), undefined))
  }

  test('is written with the one flag that version 00 has', () => {
    assert.equal(formatTraceparent(TRACE_ID, PARENT_ID, true), VALID)
    assert.equal(formatTraceparent(TRACE_ID, PARENT_ID, false), `${VALID.slice(0, -1)}0`)
  })

  test('of any bytes is read in no time, as a long one is', () => {
    const started = performance.now()
    for (const text of [`01${VALID.slice(2)}-${'-'.repeat(1e6)},`, '0'.repeat(1e6), '00-'.repeat(3e5)])
      assert.equal(parseTraceparent(text), undefined)
    assert.ok(performance.now() - started < 1000)
  })
})

suite('tracestate', () => {
  for (const text of [
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    'fw529a3039@dt=FfD3aAAABg',
    'a_-*/0=!"#$%&()*+-./:;<>?@[]^_`{|}~',
    '0tenant@system=1',
    'a= 1 2',
    `${'a'.repeat(256)}=1`,
    `${'t'.repeat(241)}@${'s'.repeat(14)}=${'v'.repeat(255)}`,
    Array.from({ length: 32 }, (_, index) => `k${index}=${index}`).join(',')
  ]) {
    test(`goes on as it came: ${text.slice(0, 40)}`, () => assert.equal(forwardedTracestate(text), text))
  }

  test('loses the space around its members, and members that are empty', () => {
    assert.equal(forwardedTracestate(' \ta=1\t , ,,b=2 ,'), 'a=1,b=2')
    for (const empty of ['', ' ', ',', ' , ']) assert.equal(forwardedTracestate(empty), undefined)
  })

  for (const [wrong, text] of [
    ['a key that begins with a digit', '0a=1'],
    ['a capital letter in a key', 'A=1'],
    ['no key', '=1'],
    ['no value', 'a='],
    ['no equals sign', 'a'],
    ['two equals signs', 'a=b=c'],
    ['a space in a key', 'a b=1'],
    ['a space behind a key', 'a =1'],
    ['a tenant without a system', 'a@=1'],
    ['a system without a tenant', '@a=1'],
    ['two systems', 'a@b@c=1'],
    ['a system that begins with a digit', 'a@1b=1'],
    ['a key that is too long', `${'a'.repeat(257)}=1`],
    ['a tenant that is too long', `${'t'.repeat(242)}@s=1`],
    ['a system that is too long', `t@${'s'.repeat(15)}=1`],
    ['a value that is too long', `a=${'v'.repeat(257)}`],
    ['a value that is not ASCII', 'a=ü'],
    ['a control character', 'a=1\t2'],
    ['the same key twice', 'a=1,b=2,a=3'],
    ['33 members', Array.from({ length: 33 }, (_, index) => `k${index}=${index}`).join(',')],
    ['more than anybody reads', ','.repeat(10_000)]
  ] as const) {
    test(`with ${wrong} is none, whatever else is in it`, () => {
      assert.equal(forwardedTracestate(text), undefined)
      assert.equal(forwardedTracestate(`good=1,${text}`), undefined)
    })
  }

  test('above 512 characters loses large members first, then the last ones', () => {
    const large = `l=${'v'.repeat(200)}`
    const small = Array.from({ length: 10 }, (_, index) => `k${index}=${'v'.repeat(47)}`)
    assert.equal(forwardedTracestate([large, ...small].join(',')), small.join(','))
    const many = Array.from({ length: 12 }, (_, index) => `k${index}=${'v'.repeat(47)}`)
    const kept = forwardedTracestate(many.join(','))!
    assert.equal(kept, many.slice(0, 10).join(','))
    assert.ok(kept.length <= 512)
  })
})
