import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { OperationContract, ParameterContract } from '../../src/openapi/contract.ts'
import { OperationPaths } from '../../src/openapi/operation-paths.ts'
import { textsOf, valueOf } from '../../src/openapi/parameter-values.ts'
import { hasUniqueItems } from '../../src/openapi/unique-items.ts'
import { hasAlready } from '../../src/openapi/if-none-match.ts'
import { isLinear, linearRegExp } from '../../src/openapi/linear-regexp.ts'

function get(template: string, method = 'GET'): OperationContract {
  return { method, template, parameters: [], body: undefined }
}

suite('an operation is found by its path', () => {
  const paths = new OperationPaths(
    [
      '/',
      '/items',
      '/items/{id}',
      '/items/new',
      '/items/{id}/{part}.json',
      '/a/{x}-{y}',
      '/{any}/b',
      '/caf%C3%A9'
    ].map((each) => get(each))
  )
  const CASES: readonly [string, string | undefined, Record<string, string>?][] = [
    ['/', '/'],
    ['/items', '/items'],
    ['/items/', undefined],
    ['/items/new', '/items/new'],
    ['/items/%6eew', '/items/new'],
    ['/items/7', '/items/{id}', { id: '7' }],
    ['/items/7/all.json', '/items/{id}/{part}.json', { id: '7', part: 'all' }],
    ['/items/7/.json', undefined],
    ['/a/1-2-3', '/a/{x}-{y}', { x: '1', y: '2-3' }],
    ['/a/b', '/{any}/b', { any: 'a' }],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/x//b', undefined]
  ]
  for (const [path, template, values = {}] of CASES) {
    test(path, () => {
      const found = paths.find('GET', path)
      assert.equal(found && 'operation' in found ? found.operation.template : undefined, template)
      if (found && 'operation' in found) assert.deepEqual(Object.fromEntries(found.values), values)
    })
  }

  test('a HEAD is a GET, and another method is told what there is', () => {
    assert.ok('operation' in paths.find('HEAD', '/items')!)
    assert.deepEqual(paths.find('PUT', '/items'), ['GET'])
  })

  test('hostile paths take no longer', () => {
    const many = new OperationPaths([get('/{a}-{b}-{c}-{d}-{e}')])
    assert.equal(many.find('GET', `/${'-'.repeat(200_000)}`) !== undefined, true)
    assert.equal(many.find('GET', `/${'a'.repeat(200_000)}`), undefined)
  })
})

suite('a parameter is read as its style has it', () => {
  const of = (more: Partial<ParameterContract>): ParameterContract => ({
    in: 'query',
    name: 'p',
    required: false,
    style: 'form',
    explode: true,
    isJson: false,
    kind: 'value',
    properties: [],
    check: 0,
    ...more
  })
  const COLORS = ['blue', 'black']
  const RGB = { R: '100', G: '200' }
  const PATH = { in: 'path', style: 'simple', explode: false } as const
  const CASES: readonly [string, Partial<ParameterContract>, string, unknown][] = [
    ['a value', {}, '?p=a%20b+c', 'a b c'],
    ['an empty value', {}, '?p=', ''],
    ['a list', { kind: 'array' }, '?p=blue&p=black', COLORS],
    ['a list in one', { kind: 'array', explode: false }, '?p=blue,black', COLORS],
    [
      'a list by spaces',
      { kind: 'array', explode: false, style: 'spaceDelimited' },
      '?p=blue%20black',
      COLORS
    ],
    ['a list by pipes', { kind: 'array', explode: false, style: 'pipeDelimited' }, '?p=blue|black', COLORS],
    ['an object of parameters', { kind: 'object', properties: ['R', 'G'] }, '?R=100&G=200&B=1', RGB],
    ['an object in one', { kind: 'object', explode: false }, '?p=R,100,G,200', RGB],
    ['a deep object', { kind: 'object', style: 'deepObject' }, '?p[R]=100&p[G]=200', RGB],
    ['JSON', { isJson: true }, '?p={"R":1}', { R: 1 }],
    ['of the path, a value', PATH, 'a%2Fb', 'a/b'],
    ['of the path, a list', { ...PATH, kind: 'array' }, 'blue,black', COLORS],
    ['of the path, an object', { ...PATH, kind: 'object', explode: true }, 'R=100,G=200', RGB],
    [
      'of the path, by a label',
      { ...PATH, style: 'label', kind: 'array', explode: true },
      '.blue.black',
      COLORS
    ],
    [
      'of the path, by a matrix',
      { ...PATH, style: 'matrix', kind: 'array', explode: true },
      ';p=blue;p=black',
      COLORS
    ],
    [
      'of the path, an object by a matrix',
      { ...PATH, style: 'matrix', kind: 'object', explode: true },
      ';R=100;G=200',
      RGB
    ]
  ]
  for (const [name, parameter, text, expected] of CASES) {
    test(name, () => {
      const isPath = parameter.in === 'path'
      const texts = textsOf(isPath ? '/' : `/${text}`, {}, new Map(isPath ? [['p', text]] : []))
      assert.deepEqual(valueOf(of(parameter), texts), { value: expected })
    })
  }

  test('from headers and cookies', () => {
    const texts = textsOf('/', { p: 'blue, black', cookie: 'a=1; p=x=y' }, new Map())
    assert.deepEqual(valueOf(of({ in: 'header', kind: 'array', style: 'simple', explode: false }), texts), {
      value: COLORS
    })
    assert.deepEqual(valueOf(of({ in: 'cookie' }), texts), { value: 'x=y' })
    assert.equal(valueOf(of({ in: 'cookie', name: 'q' }), texts), undefined)
  })

  test('what can not be read is told', () => {
    const path = textsOf('/?p=1&p=2', {}, new Map([['p', '%FF']]))
    assert.deepEqual(valueOf(of(PATH), path), { wrong: 'must be percent-encoded as UTF-8' })
    assert.deepEqual(valueOf(of({}), path), { wrong: 'must be given once' })
    assert.deepEqual(valueOf(of({ isJson: true }), textsOf('/?p={', {}, new Map())), {
      wrong: 'must be JSON'
    })
  })

  test('names of JavaScript are names', () => {
    const texts = textsOf('/?p[__proto__]=1', {}, new Map())
    const found = valueOf(of({ kind: 'object', style: 'deepObject' }), texts) as { value: object }
    assert.deepEqual(Object.keys(found.value), ['__proto__'])
  })
})

suite('what takes others long', () => {
  test('patterns are tested in linear time, or not at all', () => {
    assert.equal(linearRegExp('^(a+)+$').test(`${'a'.repeat(100_000)}b`), false)
    assert.equal(linearRegExp('^[A-Z]{3}-[0-9]{3}$').test('HOM-001'), true)
    assert.deepEqual(['a(?=b)', '(a)\\1', '(', '^x$'].map(isLinear), [false, false, false, true])
  })

  test('lists are looked through once', () => {
    assert.equal(
      hasUniqueItems([
        { a: 1, b: [2] },
        { b: [2], a: 1 }
      ]),
      false
    )
    assert.equal(hasUniqueItems([1, '1', [1], { 0: 1 }, null, 'null']), true)
  })
})

test('what a client has is told by its entity tags', () => {
  assert.deepEqual(
    ['"a"', 'W/"a"', '"b", "a"', '*', '"b"', '', undefined].map((field) => hasAlready(field, '"a"')),
    [true, true, true, true, false, false, false]
  )
})
