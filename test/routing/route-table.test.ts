import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RouteTable } from '../../src/routing/route-table.ts'
import { find, route } from './routes.ts'

suite('a path is a prefix on a segment boundary', () => {
  const table = new RouteTable([route('/api/products'), route('/api/products/top')])

  test('it matches itself, what lies below it, and a slash at the end', () => {
    for (const path of ['/api/products', '/api/products/', '/api/products/42', '/api/products//x']) {
      assert.equal(find(table, `GET ${path}`), '/api/products')
    }
  })

  test('it does not match a longer segment, nor less of itself', () => {
    for (const path of [
      '/api/productsX',
      '/api/products-old/1',
      '/api/product',
      '/api',
      '/',
      '//api/products'
    ]) {
      assert.equal(find(table, `GET ${path}`), '404')
    }
  })

  test('the longer path is the more specific one', () => {
    assert.equal(find(table, 'GET /api/products/top/10'), '/api/products/top')
    assert.equal(find(table, 'GET /api/products/topmost'), '/api/products')
  })

  test('the case of a path matters', () => {
    assert.equal(find(table, 'GET /API/products'), '404')
  })

  test('the root takes all that nobody else does', () => {
    const all = new RouteTable([route('/'), route('/api')])
    assert.equal(find(all, 'GET /'), '/')
    assert.equal(find(all, 'GET /apis'), '/')
    assert.equal(find(all, 'GET //api'), '/')
    assert.equal(find(all, 'GET /api'), '/api')
  })

  test('a table without routes serves nothing', () => {
    assert.equal(find(new RouteTable([]), 'GET /'), '404')
  })

  test('the match says how much of the raw path the prefix took', () => {
    const match = table.lookup('GET', undefined, '/api/%70roducts/42')
    assert.equal(match.kind === 'match' && match.prefixLength, '/api/%70roducts'.length)
  })
})

suite('percent-encoding hides no path from its rules', () => {
  test('an encoded character of a request is the character', () => {
    const table = new RouteTable([route('/api/products')])
    for (const path of ['/api/%70roducts', '/%61%70%69/products/1', '/api/produc%74s/']) {
      assert.equal(find(table, `GET ${path}`), '/api/products')
    }
  })

  test('an encoded slash is part of its segment', () => {
    const table = new RouteTable([route('/a/b'), route('/a')])
    assert.equal(find(table, 'GET /a%2Fb'), '404')
    assert.equal(find(table, 'GET /a/b%2Fc'), '/a')
  })

  test('an encoded literal of the configuration matches both ways of writing it', () => {
    const table = new RouteTable([route('/caf%C3%A9/%7Eann')])
    assert.equal(find(table, 'GET /caf%c3%a9/~ann'), '/caf%C3%A9/%7Eann')
    assert.equal(find(table, 'GET /%63af%C3%A9/%7eann/1'), '/caf%C3%A9/%7Eann')
  })

  test('what cannot be decoded is compared as it is', () => {
    const table = new RouteTable([route('/a%FFb')])
    assert.equal(find(table, 'GET /a%FFb'), '/a%FFb')
    assert.equal(find(table, 'GET /a%FF'), '404')
  })
})

suite('parameters', () => {
  test('a parameter takes one segment, as it was written', () => {
    const table = new RouteTable([route('/shops/:shop/items/:item')])
    const match = table.lookup('GET', undefined, '/shops/caf%C3%A9/items/a%2Fb/parts')
    assert.ok(match.kind === 'match')
    assert.deepEqual(match.params, ['shop', 'item'])
    assert.deepEqual(match.values, ['caf%C3%A9', 'a%2Fb'])
    assert.equal(match.prefixLength, '/shops/caf%C3%A9/items/a%2Fb'.length)
  })

  test('a parameter is never empty', () => {
    const table = new RouteTable([route('/orders'), route('/orders/:id'), route('/orders/:id/items')])
    assert.equal(find(table, 'GET /orders/'), '/orders')
    assert.equal(find(table, 'GET /orders//items'), '/orders')
    assert.equal(find(table, 'GET /orders/1'), '/orders/:id')
    assert.equal(find(table, 'GET /orders/1/items'), '/orders/:id/items')
  })

  test('a literal goes before a parameter, segment by segment', () => {
    const table = new RouteTable([route('/a/:x/c'), route('/a/b'), route('/:y/b/d')])
    assert.equal(find(table, 'GET /a/b/c'), '/a/b')
    assert.equal(find(table, 'GET /a/z/c'), '/a/:x/c')
    assert.equal(find(table, 'GET /z/b/d'), '/:y/b/d')
    assert.equal(find(table, 'GET /a/b/d'), '/a/b')
  })

  test('a literal that leads nowhere gives way to a parameter', () => {
    const table = new RouteTable([route('/a/b/c'), route('/a/:x/d'), route('/:y')])
    assert.equal(find(table, 'GET /a/b/d'), '/a/:x/d')
    const match = table.lookup('GET', undefined, '/a/b/e')
    assert.ok(match.kind === 'match')
    assert.deepEqual([match.route.name, match.values], ['/:y', ['a']])
  })

  test('routes that share a shape keep the names of their own parameters', () => {
    const table = new RouteTable([
      route('/o/:id', { methods: ['GET'] }),
      route('/o/:order', { methods: ['PUT'] })
    ])
    const [get, put] = ['GET', 'PUT'].map((method) => table.lookup(method, undefined, '/o/7'))
    assert.deepEqual(get?.kind === 'match' && get.params, ['id'])
    assert.deepEqual(put?.kind === 'match' && put.params, ['order'])
  })
})

suite('methods', () => {
  test('a route that names the method goes before one that takes any', () => {
    for (const routes of [
      [route('/a', { name: 'any' }), route('/a', { name: 'get', methods: ['GET'] })],
      [route('/a', { name: 'get', methods: ['GET'] }), route('/a', { name: 'any' })]
    ]) {
      const table = new RouteTable(routes)
      assert.equal(find(table, 'GET /a'), 'get')
      assert.equal(find(table, 'POST /a'), 'any')
    }
  })

  test('a route that does not take the method lets a shorter one have the request', () => {
    const table = new RouteTable([
      route('/a', { methods: ['GET', 'POST'] }),
      route('/a/b', { methods: ['PUT'] }),
      route('/:x', { methods: ['DELETE'] })
    ])
    assert.equal(find(table, 'PUT /a/b'), '/a/b')
    assert.equal(find(table, 'POST /a/b'), '/a')
    assert.equal(find(table, 'DELETE /a/b'), '/:x')
  })

  test('a path that takes other methods only says which, over all routes that match it', () => {
    const table = new RouteTable([
      route('/a', { methods: ['GET', 'POST'] }),
      route('/a/b', { methods: ['PUT', 'GET'] }),
      route('/a/:x', { methods: ['QUERY'] }),
      route('/c', { methods: ['PURGE'] })
    ])
    assert.equal(find(table, 'DELETE /a/b'), '405 GET, POST, PUT, QUERY')
    assert.equal(find(table, 'DELETE /a'), '405 GET, POST')
    assert.equal(find(table, 'DELETE /d'), '404')
  })

  test('GET does not imply HEAD, and the case of a method matters', () => {
    const table = new RouteTable([route('/a', { methods: ['GET'] })])
    assert.equal(find(table, 'HEAD /a'), '405 GET')
    assert.equal(find(table, 'get /a'), '405 GET')
  })
})

suite('hosts', () => {
  const table = new RouteTable([
    route('/a', { name: 'any' }),
    route('/a', { name: 'wide', hosts: ['*.example.com'] }),
    route('/a', { name: 'narrow', hosts: ['*.eu.example.com'] }),
    route('/a', { name: 'exact', hosts: ['shop.eu.example.com'] }),
    route('/a/b/c', { name: 'long' }),
    route('/only', { name: 'only', hosts: ['shop.eu.example.com', 'shop.test'], methods: ['GET'] }),
    route('/only', { name: 'put', methods: ['PUT'] })
  ])

  test('the exact host goes before the longest wildcard, that before any host', () => {
    assert.equal(find(table, 'GET /a', 'shop.eu.example.com'), 'exact')
    assert.equal(find(table, 'GET /a', 'web.eu.example.com'), 'narrow')
    assert.equal(find(table, 'GET /a', 'a.b.eu.example.com'), 'narrow')
    assert.equal(find(table, 'GET /a', 'web.us.example.com'), 'wide')
    assert.equal(find(table, 'GET /a', 'example.com'), 'any')
    assert.equal(find(table, 'GET /a', 'notexample.com'), 'any')
    assert.equal(find(table, 'GET /a'), 'any')
  })

  test('the host decides before the path', () => {
    assert.equal(find(table, 'GET /a/b/c', 'shop.eu.example.com'), 'exact')
    assert.equal(find(table, 'GET /a/b/c', 'elsewhere.test'), 'long')
  })

  test('a host whose routes do not match lets those of any host have the request', () => {
    assert.equal(find(table, 'GET /a/b/c', 'shop.test'), 'long')
    assert.equal(find(table, 'PUT /only', 'shop.test'), 'put')
    assert.equal(find(table, 'DELETE /only', 'shop.test'), '405 GET, PUT')
    assert.equal(find(table, 'DELETE /only', 'elsewhere.test'), '405 PUT')
  })

  test('port, case and the dot at the end of a Host field make no difference', () => {
    for (const host of ['shop.test:8080', 'SHOP.Test', 'shop.test.', 'Shop.Test.:443']) {
      assert.equal(find(table, 'GET /only', host), 'only')
    }
  })
})
