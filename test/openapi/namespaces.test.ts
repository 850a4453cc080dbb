import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { at, composed, operation, route, service } from './compose-parts.ts'

const JSON_BODY = (schema: object): object => ({ content: { 'application/json': { schema } } })

suite('what a group names is its own', () => {
  test('every kind of component, by all references to it', () => {
    const document = service(
      {
        '/x': {
          post: operation('x', {
            tags: ['shop'],
            parameters: [{ $ref: '#/components/parameters/page' }],
            requestBody: { $ref: '#/components/requestBodies/body' },
            responses: { 200: { $ref: '#/components/responses/good' } },
            callbacks: { done: { $ref: '#/components/callbacks/done' } }
          })
        },
        '/y': { get: operation('y') }
      },
      {
        tags: [{ name: 'shop', description: 'All of it.' }, { name: 'unused' }],
        components: {
          schemas: {
            Item: { type: 'object', properties: { next: { $ref: '#/components/schemas/Item' } } },
            Unused: {}
          },
          parameters: { page: { name: 'page', in: 'query', schema: { type: 'integer' } } },
          requestBodies: { body: JSON_BODY({ $ref: '#/components/schemas/Item/properties/next' }) },
          responses: {
            good: {
              description: '',
              headers: { 'X-A': { $ref: '#/components/headers/a' } },
              links: {
                self: { $ref: '#/components/links/y' },
                gone: { operationId: 'nobody' },
                byRef: { operationRef: '#/paths/~1y/get' }
              },
              content: {
                'application/json': {
                  schema: { $ref: '#/components/schemas/Item' },
                  examples: { one: { $ref: '#/components/examples/one' } }
                }
              }
            }
          },
          headers: { a: { schema: { type: 'string' } } },
          links: { y: { operationId: 'y' } },
          examples: { one: { value: { next: null } } },
          callbacks: { done: { '{$request.body#/url}': { post: operation('called', { tags: ['shop'] }) } } }
        }
      }
    )
    const { document: result } = composed({ a: document }, [route('/', 'a')])
    const text = JSON.stringify(result)
    const names = Object.entries(at(result, 'components') as Record<string, object>).map(
      ([space, each]) =>
        `${space}: ${Object.keys(each)
          .filter((name) => !name.startsWith('gateway_'))
          .join()}`
    )
    assert.deepEqual(names, [
      'schemas: a_properties_next,a_Item',
      'parameters: a_page',
      'requestBodies: a_body',
      'responses: a_good',
      'headers: a_a',
      'examples: a_one',
      'callbacks: a_done'
    ])
    for (const [, ref] of text.matchAll(/"\$ref":"#\/([^"]+)"/g))
      assert.ok(at(result, ...ref!.split('/')), ref)
    assert.deepEqual(result['tags'], [{ name: 'a_shop', description: 'All of it.' }, { name: 'a' }])
    assert.deepEqual(at(result, 'components', 'responses', 'a_good', 'links'), {
      self: { operationId: 'a_y' },
      byRef: { operationId: 'a_y' }
    })
    const called = at(result, 'components', 'callbacks', 'a_done', '{$request.body#/url}', 'post')
    assert.deepEqual([called.operationId, called.tags], ['a_called', ['a_shop']])
  })

  test('discriminators say by whole references what they said by names', () => {
    const document = service(
      {
        '/pets': {
          get: operation('pets', {
            responses: {
              200: { description: '', ...JSON_BODY({ $ref: '#/components/schemas/Pet' }) },
              201: { description: '', ...JSON_BODY({ $ref: '#/components/schemas/Shape' }) }
            }
          })
        }
      },
      {
        components: {
          schemas: {
            Pet: {
              oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }],
              discriminator: { propertyName: 'kind', mapping: { hound: 'Dog' } }
            },
            Cat: {},
            Dog: {},
            Shape: { type: 'object', discriminator: { propertyName: 'form' } },
            Round: { allOf: [{ $ref: '#/components/schemas/Shape' }] }
          }
        }
      }
    )
    const { document: result } = composed({ a: document }, [route('/', 'a')])
    const schemas = at(result, 'components', 'schemas')
    assert.deepEqual(schemas.a_Pet.discriminator.mapping, {
      hound: '#/components/schemas/a_Dog',
      Cat: '#/components/schemas/a_Cat'
    })
    assert.deepEqual(schemas.a_Shape.discriminator.mapping, { Round: '#/components/schemas/a_Round' })
  })

  test('names that would meet do not', () => {
    const of = (name: string, type: string): ReturnType<typeof service> =>
      service(
        {
          [`/${type}`]: {
            get: operation('get', {
              responses: { 200: { description: '', ...JSON_BODY({ $ref: `#/components/schemas/${name}` }) } }
            })
          }
        },
        { components: { schemas: { [name]: { type } } } }
      )
    const { document } = composed(
      { a: of('b_Item', 'string'), a_b: of('Item', 'number'), gateway: of('Problem', 'null') },
      [route('/string', 'a'), route('/number', 'a_b'), route('/null', 'gateway')]
    )
    const schemas = at(document, 'components', 'schemas')
    const schemaOf = (path: string): string =>
      at(document, 'paths', path, 'get', 'responses', 200, 'content', 'application/json', 'schema', '$ref')
        .split('/')
        .at(-1)
    assert.equal(schemas[schemaOf('/string')].type, 'string')
    assert.equal(schemas[schemaOf('/number')].type, 'number')
    assert.equal(schemas[schemaOf('/null')].type, 'null')
    assert.equal(schemas.gateway_Problem.type, 'object')
  })

  test('nothing that is not a reference is taken for one', () => {
    const schema = {
      type: 'object',
      properties: {
        $ref: { type: 'string' },
        example: { const: 1 },
        nullable: { type: 'boolean' },
        discriminator: {}
      },
      required: ['$ref']
    }
    const { document } = composed(
      { a: service({ '/x': { post: operation('x', { requestBody: JSON_BODY(schema) }) } }) },
      [route('/', 'a')]
    )
    assert.deepEqual(
      at(document, 'paths', '/x', 'post', 'requestBody', 'content', 'application/json', 'schema'),
      schema
    )
  })

  test('plain data does not name what is another group’s', () => {
    const evil = { $ref: '#/components/schemas/b_Secret' }
    const document = service({
      '/x': {
        post: operation('x', {
          'x-note': { deep: [evil] },
          requestBody: {
            content: { 'application/json': { schema: { default: evil }, example: { ...evil } } }
          }
        })
      }
    })
    assert.doesNotMatch(JSON.stringify(composed({ a: document }, [route('/', 'a')]).document), /b_Secret/)
  })
})
