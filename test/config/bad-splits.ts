import { withRoutes } from './bad-routes.ts'
import type { BadConfig } from './load-errors.ts'

const KEY = 'expected ip, path, header:NAME, cookie:NAME or query:NAME'

/** Wrong splits of routes. */
export const BAD_SPLITS: readonly BadConfig[] = [
  {
    wrong: 'a split over nothing',
    yaml: withRoutes('{ path: /a, upstream: [] }'),
    errors: ['gateway.yaml:3: routes[0].upstream: expected at least one group, got an empty list']
  },
  {
    wrong: 'a group that is a mapping, and one without a name',
    yaml: withRoutes('{ path: /a, upstream: { group: catalog } }', '{ path: /b, upstream: "" }'),
    errors: [
      'gateway.yaml:3: routes[0].upstream: expected the name of an upstream group, or a list of { group, weight }, got a mapping',
      'gateway.yaml:4: routes[1].upstream: expected the name of an upstream group, or a list of { group, weight }, got ""'
    ]
  },
  {
    wrong: 'a split over names alone',
    yaml: withRoutes('{ path: /a, upstream: [catalog, orders] }'),
    errors: [
      'gateway.yaml:3: routes[0].upstream[0]: expected a mapping, got "catalog"',
      'gateway.yaml:3: routes[0].upstream[1]: expected a mapping, got "orders"'
    ]
  },
  {
    wrong: 'parts without a group, with a misspelt weight, and with weights beyond their range',
    yaml: withRoutes(
      '{ path: /a, upstream: [{ weight: 1 }, { group: orders, wieght: 1 }] }',
      '{ path: /b, upstream: [{ group: catalog, weight: 1001 }, { group: orders, weight: 5% }] }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].upstream[0].group: expected the name of an upstream group, got nothing',
      'gateway.yaml:3: routes[0].upstream[1].wieght: unknown key "wieght"; did you mean "weight"?',
      'gateway.yaml:4: routes[1].upstream[0].weight: expected a whole number from 0 to 1000, got 1001',
      'gateway.yaml:4: routes[1].upstream[1].weight: expected a whole number from 0 to 1000, got "5%"'
    ]
  },
  {
    wrong: 'groups of a split that are not there',
    yaml: withRoutes(
      'path: /a\n    upstream:\n      - { group: catalogue, weight: 95 }\n      - { group: payments, weight: 5 }'
    ),
    errors: [
      'gateway.yaml:5: routes[0].upstream[0].group: expected the name of an upstream group, got "catalogue"; did you mean "catalog"?',
      'gateway.yaml:6: routes[0].upstream[1].group: expected the name of an upstream group, got "payments"; expected one of catalog, orders'
    ]
  },
  {
    wrong: 'a group that takes part twice',
    yaml: withRoutes(
      'path: /a\n    upstream:\n      - { group: catalog }\n      - { group: orders }\n      - { group: catalog }'
    ),
    errors: [
      'gateway.yaml:7: routes[0].upstream[2].group: expected every group once, got "catalog" again; the first is at line 5'
    ]
  },
  {
    wrong: 'a split whose weights are all 0',
    yaml: withRoutes('{ path: /a, upstream: [{ group: catalog, weight: 0 }, { group: orders, weight: 0 }] }'),
    errors: [
      'gateway.yaml:3: routes[0].upstream: expected a group with a weight above 0, got only weights of 0'
    ]
  },
  {
    wrong: 'a key with nothing to split',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, splitBy: ip }',
      '{ path: /b, upstream: [{ group: catalog }], splitBy: ip }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].splitBy: expected an upstream of several groups to split, got one',
      'gateway.yaml:4: routes[1].splitBy: expected an upstream of several groups to split, got one'
    ]
  },
  {
    wrong: 'a key that is none',
    yaml: withRoutes('{ path: /a, upstream: [{ group: catalog }, { group: orders }], splitBy: user }'),
    errors: [`gateway.yaml:3: routes[0].splitBy: ${KEY}, got "user"`]
  },
  {
    wrong: 'a split of a module with a group that is not there',
    yaml: 'upstreams: { catalog: { backends: [http://a] } }\nroutesDir: routes\n',
    files: {
      'routes/a.ts': [
        'export default [',
        '  {',
        "    path: '/a',",
        "    upstream: [{ group: 'catalog', weight: 95 }, { group: 'catalogue', weight: 5 }],",
        "    splitBy: 'header:x y'",
        '  }',
        ']',
        ''
      ].join('\n')
    },
    errors: [
      'routes/a.ts:4: [0].upstream[1].group: expected the name of an upstream group, got "catalogue"; did you mean "catalog"?',
      `routes/a.ts:5: [0].splitBy: ${KEY}, got "header:x y"`
    ]
  }
]
