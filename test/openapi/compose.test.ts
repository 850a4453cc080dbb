import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { at, composed, operation, operations, route, service } from './compose-parts.ts'

const CRUD = service({
  '/items': { get: operation('list'), post: operation('add') },
  '/items/{id}': { get: operation('read'), delete: operation('remove') },
  '/health': { get: operation('health') }
})

suite('only what routes reach is in the document, where clients find it', () => {
  test('rewriting is undone', () => {
    const result = composed({ a: CRUD }, [route('/api/things', 'a', { rewrite: '/items' })])
    assert.deepEqual(operations(result), [
      'GET /api/things a_list',
      'POST /api/things a_add',
      'GET /api/things/{id} a_read',
      'DELETE /api/things/{id} a_remove'
    ])
    assert.deepEqual(result.groups, [{ group: 'a', described: 5, composed: 4 }])
  })

  test('a path that is kept is the same', () => {
    const result = composed({ a: CRUD }, [route('/items', 'a', { methods: ['GET'] })])
    assert.deepEqual(operations(result), ['GET /items a_list', 'GET /items/{id} a_read'])
  })

  test('parameters of the route stand for those of the service, or for themselves', () => {
    const document = service({
      '/v2/users/{user}/items': { get: operation('a') },
      '/v2/users/me/items': { get: operation('b') },
      '/{version}/files/{name}.json': { get: operation('c') }
    })
    const result = composed({ a: document }, [
      route('/shops/:shop/people/:id', 'a', { rewrite: '/v2/users/:id', name: 'one' }),
      route('/report', 'a', { rewrite: '/v2/files/sales.json', name: 'two' })
    ])
    assert.deepEqual(operations(result), [
      'GET /shops/{shop}/people/{user}/items a_a',
      'GET /shops/{shop}/people/me/items a_b',
      'GET /report a_c'
    ])
    const names = at(result.document, 'paths', '/shops/{shop}/people/{user}/items', 'get', 'parameters')
    assert.deepEqual(
      names.map((each: { name: string }) => each.name),
      ['shop', 'user']
    )
    assert.equal(at(result.document, 'paths', '/report', 'get', 'parameters'), undefined)
  })

  test('a route that has the requests hides what another would have', () => {
    const result = composed({ a: CRUD, b: CRUD }, [
      route('/', 'a'),
      route('/items', 'b', { methods: ['POST'] }),
      route('/items/:id', 'b', { methods: ['GET'], name: 'by-id' })
    ])
    assert.deepEqual(operations(result), [
      'GET /items a_list',
      'POST /items b_add',
      'DELETE /items/{id} a_remove',
      'GET /items/{id} b_read',
      'GET /health a_health'
    ])
  })

  test("servers' paths stand before those of the service", () => {
    const document = service(
      {
        '/items': { get: operation('a') },
        '/other': { servers: [{ url: '/elsewhere' }], get: operation('b') }
      },
      {
        servers: [
          { url: 'https://{host}/{base}/', variables: { host: { default: 'x' }, base: { default: 'v1' } } }
        ]
      }
    )
    const result = composed({ a: document }, [
      route('/pub', 'a', { rewrite: '/v1' }),
      route('/elsewhere', 'a')
    ])
    assert.deepEqual(operations(result), ['GET /pub/items a_a', 'GET /elsewhere/other a_b'])
    assert.deepEqual(result.document['servers'], [{ url: '/' }])
  })

  test('what one host alone has names it; what has no place of its own is left out and told', () => {
    const result = composed({ a: CRUD, b: CRUD }, [
      route('/items', 'b', { name: 'eu', hosts: ['eu.example.com', '*.b.example.com'] }),
      route('/health', 'b', { name: 'health', hosts: ['eu.example.com', '*.b.example.com'] }),
      route('/items', 'a', { name: 'all', methods: ['GET'] })
    ])
    assert.deepEqual(operations(result), [
      'GET /items a_list',
      'POST /items b_add',
      'GET /items/{id} a_read',
      'DELETE /items/{id} b_remove',
      'GET /health b_health'
    ])
    assert.deepEqual(at(result.document, 'paths', '/health', 'get', 'servers'), [
      { url: '//eu.example.com' },
      { url: '//{subdomain}.b.example.com', variables: { subdomain: { default: 'www' } } }
    ])
    assert.deepEqual(result.leftOut, [
      { group: 'b', method: 'GET', path: '/items', route: 'eu' },
      { group: 'b', method: 'GET', path: '/items/{id}', route: 'eu' }
    ])
  })

  test('of a split, the largest part is what is shown, and the others what it lacks', () => {
    const canary = service({ '/items': { get: operation('list2'), put: operation('replace') } })
    const parts = [
      { group: 'canary', weight: 5 },
      { group: 'a', weight: 95 }
    ]
    const result = composed({ canary, a: CRUD }, [route('/items', parts)])
    assert.deepEqual(operations(result).slice(0, 3), [
      'GET /items a_list',
      'POST /items a_add',
      'PUT /items canary_replace'
    ])
    assert.deepEqual(result.leftOut, [])
  })

  test('two services at one path share it, by the names of the first', () => {
    const other = service(
      {
        '/items/{sku}': {
          parameters: [{ $ref: '#/components/parameters/sku' }],
          put: operation('put')
        }
      },
      { components: { parameters: { sku: { name: 'sku', in: 'path', schema: { type: 'string' } } } } }
    )
    const result = composed({ a: CRUD, b: other }, [
      route('/items', 'a', { methods: ['GET'], name: 'get' }),
      route('/items', 'b', { methods: ['PUT'], name: 'put' })
    ])
    assert.deepEqual(Object.keys(at(result.document, 'paths')), ['/items', '/items/{id}'])
    assert.deepEqual(at(result.document, 'paths', '/items/{id}', 'put', 'parameters'), [
      { name: 'id', in: 'path', schema: { type: 'string' }, required: true }
    ])
  })

  test('what two routes reach has two ids', () => {
    const result = composed({ a: CRUD }, [
      route('/items', 'a', { methods: ['POST'] }),
      route('/v1', 'a', { rewrite: '/' })
    ])
    assert.ok(operations(result).includes('POST /items a_add'))
    assert.ok(operations(result).includes('POST /v1/items a_add_2'))
  })
})

suite('the gateway says what it adds', () => {
  const AUTH = {
    apiKeyHeader: 'x-key',
    consumerHeader: 'x-consumer',
    apiKeys: [],
    jwt: [
      {
        name: 'shop',
        issuer: '',
        audience: [],
        jwks: '',
        algorithms: [],
        clockSkew: 0,
        consumerClaim: '',
        forward: true
      }
    ]
  } as never

  test('its own answers, unless the service has said what that status is', () => {
    const document = service({
      '/x': { get: operation('x', { responses: { 429: { description: 'Mine.' } } }) }
    })
    const result = composed({ a: document }, [route('/x', 'a', { validateRequests: true })])
    const responses = at(result.document, 'paths', '/x', 'get', 'responses')
    assert.deepEqual(Object.keys(responses), ['400', '429', '502', '503', '504'])
    assert.equal(responses[429].description, 'Mine.')
    assert.deepEqual(responses[504], { $ref: '#/components/responses/gateway_504' })
    const answer = at(result.document, 'components', 'responses', 'gateway_503')
    assert.deepEqual(Object.keys(answer.content), ['application/problem+json'])
    assert.ok(answer.headers['Retry-After'])
  })

  test('who may call: what the route asks for and what the service does', () => {
    const document = service(
      { '/x': { get: operation('x') }, '/y': { get: operation('y', { security: [] }) } },
      {
        security: [{ token: ['read'] }],
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }
      }
    )
    const access = { allow: [], deny: [], apiKeys: 'partners', jwt: 'shop' }
    const result = composed(
      { a: document },
      [
        route('/x', 'a', { access: { ...access, satisfy: 'any' } }),
        route('/y', 'a', { access: { ...access, satisfy: 'all' } })
      ],
      { auth: AUTH }
    )
    assert.deepEqual(at(result.document, 'paths', '/x', 'get', 'security'), [
      { gateway_apiKey: [], a_token: ['read'] },
      { gateway_jwt_shop: [], a_token: ['read'] }
    ])
    assert.deepEqual(at(result.document, 'paths', '/y', 'get', 'security'), [
      { gateway_apiKey: [], gateway_jwt_shop: [] }
    ])
    assert.deepEqual(at(result.document, 'components', 'securitySchemes', 'gateway_apiKey'), {
      type: 'apiKey',
      in: 'header',
      name: 'x-key'
    })
    assert.ok(at(result.document, 'paths', '/x', 'get', 'responses', '401'))
  })
})
