import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { Composer, ComposerError } from '../../src/openapi/composer.ts'
import { read } from '../../src/openapi/composer-tasks.ts'
import { at, composed, operation, route, service } from './compose-parts.ts'

/** Why a document is refused, or how many operations it has. */
function verdict(text: string): string | number {
  const result = read({ kind: 'read', group: 'a', path: '/openapi.json', bytes: Buffer.from(text) })
  return 'reason' in result ? `${result.reason} ${result.at}`.trim() : result.operations
}

const HEAD = 'openapi: 3.1.0\ninfo: { title: a, version: b }\n'

function withSchema(schema: unknown, more: object = {}): string {
  const body = { content: { 'application/json': { schema } } }
  return JSON.stringify(service({ '/x': { post: operation('x', { requestBody: body }) } }, more))
}

/** Bombs of aliases: 9 levels, each nine times the one before. */
function laughs(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const below = level === 0 ? 'ha' : `*l${level - 1}`
    return `x-${level}: &l${level} [${Array.from({ length: 9 }, () => below).join(', ')}]`
  })
  return `${HEAD}${levels.join('\n')}\npaths: {}\n`
}

suite('a document of a backend is refused, with where and why', () => {
  const CASES: readonly [string, string, string | number][] = [
    ['one that is good', JSON.stringify(service({ '/x': { get: {} } })), 1],
    ['one in YAML', `${HEAD}paths:\n  /x:\n    get: &get\n      responses: {}\n    put: *get\n`, 2],
    ['no document', '<html></html>', 'invalid'],
    ['broken JSON', '{"openapi": "3.1.0",', 'not_json_or_yaml'],
    ['broken YAML', 'a: "b', 'not_json_or_yaml'],
    ['nothing', '', 'invalid'],
    ['a list', '[]', 'invalid'],
    ['Swagger 2', '{"swagger": "2.0"}', 'version_unsupported /openapi'],
    ['a version to come', '{"openapi": "4.0.0"}', 'version_unsupported /openapi'],
    ['paths that are a list', JSON.stringify(service([])), 'invalid /paths'],
    [
      'an operation that is a text',
      JSON.stringify(service({ '/x': { get: 'it' } })),
      'invalid /paths/~1x/get'
    ],
    [
      'a schema that is a number',
      withSchema({ items: 7 }),
      'invalid /paths/~1x/post/requestBody/content/application~1json/schema/items'
    ],
    [
      'a reference elsewhere',
      withSchema({ $ref: 'https://evil.example/a.json#/x' }),
      'external_ref /paths/~1x/post/requestBody/content/application~1json/schema'
    ],
    [
      'a reference to a file',
      withSchema({ $ref: '../../etc/passwd' }),
      'external_ref /paths/~1x/post/requestBody/content/application~1json/schema'
    ],
    [
      'a reference to nothing',
      withSchema({ $ref: '#/components/schemas/b_Item' }),
      'unknown_ref /paths/~1x/post/requestBody/content/application~1json/schema'
    ],
    [
      'a reference to what all objects have',
      withSchema({ $ref: '#/constructor/prototype' }),
      'unknown_ref /paths/~1x/post/requestBody/content/application~1json/schema'
    ],
    [
      'path items in a circle',
      JSON.stringify(service({ '/a': { $ref: '#/paths/~1b' }, '/b': { $ref: '#/paths/~1a' } })),
      'circular_ref /paths/~1a'
    ],
    [
      'parameters in a circle',
      JSON.stringify(
        service(
          { '/x': { get: { parameters: [{ $ref: '#/components/parameters/a' }] } } },
          {
            components: {
              parameters: {
                a: { $ref: '#/components/parameters/b' },
                b: { $ref: '#/components/parameters/a' }
              }
            }
          }
        )
      ),
      'circular_ref /paths/~1x/get/parameters/0'
    ],
    [
      'schemas in a circle, which are fine',
      withSchema(
        { $ref: '#/components/schemas/A' },
        { components: { schemas: { A: { items: { $ref: '#/components/schemas/A' } } } } }
      ),
      1
    ],
    [
      'nesting without end',
      `{"openapi":"3.1.0","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'too_deep'
    ],
    ['YAML nesting without end', `${HEAD}x: ${'['.repeat(20_000)}`, 'not_json_or_yaml'],
    ['aliases of aliases', laughs(), 'not_json_or_yaml']
  ]
  for (const [name, text, expected] of CASES) {
    test(name, () => assert.equal(verdict(text), expected))
  }

  test('bytes that are no text', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe])
    assert.deepEqual(read({ kind: 'read', group: 'a', path: '/', bytes }), {
      reason: 'not_json_or_yaml',
      at: ''
    })
  })
})

suite('a document can’t reach what is not its own', () => {
  test('names that are those of JavaScript stay names', () => {
    const text = `{"openapi":"3.1.0","info":{"title":"a","version":"1"},"paths":{"/x":{"get":{"operationId":"__proto__",
      "tags":["constructor"],"responses":{"200":{"$ref":"#/components/responses/__proto__"}}}}},
      "components":{"responses":{"__proto__":{"description":"a","x-polluted":true,
      "headers":{"__proto__":{"schema":{"properties":{"__proto__":{"type":"string"}}}}}}}}}`
    const { document } = composed({ a: JSON.parse(text) as never }, [route('/', 'a')])
    assert.equal(({} as Record<string, unknown>)['x-polluted'], undefined)
    assert.equal(at(document, 'paths', '/x', 'get', 'operationId'), 'a___proto__')
    const header = Object.entries(at(document, 'components', 'responses', 'a___proto__', 'headers'))
    assert.deepEqual(header, [
      ['__proto__', { schema: JSON.parse('{"properties":{"__proto__":{"type":"string"}}}') as unknown }]
    ])
  })

  test('anchors and ids of schemas name nothing in the whole', () => {
    const document = service(
      {
        '/x': {
          get: operation('x', { parameters: [{ name: 'q', in: 'query', schema: { $ref: 'urn:item' } }] })
        }
      },
      { components: { schemas: { Item: { $id: 'urn:item', $anchor: 'secret', type: 'string' } } } }
    )
    const result = composed({ a: document }, [route('/', 'a')])
    assert.deepEqual(at(result.document, 'components', 'schemas', 'a_Item'), { type: 'string' })
  })
})

suite('what takes too long or too much ends', () => {
  function composer(t: TestContext, options: ConstructorParameters<typeof Composer>[0]): Composer {
    const made = new Composer(options)
    t.after(() => made.stop())
    return made
  }
  const GOOD = { group: 'a', path: '/', bytes: Buffer.from(JSON.stringify(service({}))) }

  test('after its time, and the next document has its turn', async (t) => {
    const tight = composer(t, { timeout: 2000 })
    // A list of YAML takes the parser a thousand times as long as one of JSON.
    const bytes = Buffer.from(`${HEAD}x:\n${'  - a\n'.repeat(1_500_000)}`)
    const slow = tight.read({ group: 'a', path: '/', bytes })
    const good = tight.read(GOOD)
    good.catch(() => undefined)
    await assert.rejects(slow, (error) => error instanceof ComposerError && error.reason === 'took_too_long')
    assert.ok('operations' in (await good))
  })

  test('at the end of its memory', async (t) => {
    const tight = composer(t, { heap: 40 })
    const bytes = Buffer.from(`{"openapi":"3.1.0","x":[${'{"a":{}},'.repeat(600_000)}0]}`)
    await assert.rejects(
      tight.read({ group: 'a', path: '/', bytes }),
      (error) => error instanceof ComposerError && error.reason === 'out_of_memory'
    )
    assert.ok('operations' in (await composer(t, {}).read(GOOD)))
  })
})
