import type { BadConfig } from './load-errors.ts'

const YAML = [
  'upstreams: { catalog: { backends: [http://a] } }',
  'routes:',
  '  - { name: products, path: /api/products, upstream: catalog }',
  'routesDir: routes',
  ''
].join('\n')

/** Modules of `routesDir` that are wrong. */
export const BAD_MODULES: readonly BadConfig[] = [
  {
    wrong: 'a module without a default export',
    yaml: YAML,
    files: { 'routes/orders.ts': '// later\nexport const routes = []\n' },
    errors: [
      'routes/orders.ts:1: (root): expected the default export to be a list of routes, as defineRoutes([…]) makes it'
    ]
  },
  {
    wrong: 'a module whose default export is no list',
    yaml: YAML,
    files: { 'routes/orders.mjs': '// one route\nexport default { path: "/a" }\n' },
    errors: [
      'routes/orders.mjs:2: (root): expected the default export to be a list of routes, as defineRoutes([…]) makes it'
    ]
  },
  {
    wrong: 'a module that throws',
    yaml: YAML,
    files: { 'routes/orders.ts': 'export default []\n\nthrow new Error("no\\nroutes today")\n' },
    errors: ['routes/orders.ts:3: (root): expected a module that can be imported, got the error "no"']
  },
  {
    wrong: 'a module that is no JavaScript, for which Node names no line',
    yaml: YAML,
    files: { 'routes/orders.mjs': 'export default []\nexport const x = ]\n' },
    errors: [
      'routes/orders.mjs:1: (root): expected a module that can be imported, got the error "Unexpected token \']\'"'
    ]
  },
  {
    wrong: 'a module with a group that is not there',
    yaml: YAML,
    files: {
      'routes/orders.ts': [
        'export default [',
        "  { path: '/catalogue', upstream: 'catalog' },",
        '  {',
        "    path: '/api/orders',",
        "    upstream: 'catalogue'",
        '  }',
        ']',
        ''
      ].join('\n')
    },
    errors: [
      'routes/orders.ts:5: [1].upstream: expected the name of an upstream group, got "catalogue"; did you mean "catalog"?'
    ]
  },
  {
    wrong: 'a module with several kinds of errors, beside errors of the file',
    yaml: `${YAML}log: { level: loud }\n`,
    files: {
      'routes/orders.ts': [
        'export default [',
        "  { path: '/a', upstream: 'catalog', method: ['GET'] },",
        "  { path: 'b', upstream: 'catalog' },",
        "  { path: '/c' },",
        '  5,',
        "  { path: '/e', upstream: 'catalog', rewrite: '/:id' }",
        ']',
        ''
      ].join('\n')
    },
    errors: [
      'gateway.yaml:5: log.level: expected one of trace, debug, info, warn, error, fatal, silent; got "loud"',
      'routes/orders.ts:2: [0].method: unknown key "method"; did you mean "methods"?',
      'routes/orders.ts:3: [1].path: expected a path that starts with "/", got "b"',
      'routes/orders.ts:4: [2].upstream: expected the name of an upstream group, or a list of { group, weight }, got nothing',
      'routes/orders.ts:5: [3]: expected a mapping, got 5',
      'routes/orders.ts:6: [4].rewrite: expected parameters that the path has (none), got "/:id"'
    ]
  },
  {
    wrong: 'a name that the file and a module both use',
    yaml: YAML,
    files: {
      'routes/products.ts': [
        'export default [',
        "  { name: 'products', path: '/v2/products', upstream: 'catalog' }",
        ']'
      ].join('\n')
    },
    errors: [
      'routes/products.ts:2: [0].name: expected a unique name, got "products" again; the first is at gateway.yaml:3'
    ]
  },
  {
    wrong: 'a route that the file has already, and another module has too',
    yaml: YAML,
    files: {
      'routes/a.ts': "export default [{ path: '/api/products', upstream: 'catalog' }]",
      'routes/b.ts': "\nexport default [{ path: '/api/products/', upstream: 'catalog' }]"
    },
    errors: [
      'routes/a.ts:1: [0]: route "api-products" can never be reached: both take any method /api/products on any host; route "products" (gateway.yaml:3) comes first',
      'routes/b.ts:2: [0]: route "api-products-2" can never be reached: both take any method /api/products on any host; route "products" (gateway.yaml:3) comes first'
    ]
  }
]
