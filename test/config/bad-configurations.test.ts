import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { BAD_ACCESS } from './bad-access.ts'
import { BAD_BALANCING } from './bad-balancing.ts'
import { BAD_CLIENT_LIMITS } from './bad-client-limits.ts'
import { BAD_FORWARDING } from './bad-forwarding.ts'
import { BAD_HEALTH } from './bad-health.ts'
import { BAD_LIMITS } from './bad-limits.ts'
import { BAD_MODULES } from './bad-modules.ts'
import { BAD_POLICIES } from './bad-policies.ts'
import { BAD_ROUTES } from './bad-routes.ts'
import { BAD_SERVER } from './bad-server.ts'
import { BAD_SPLITS } from './bad-splits.ts'
import { BAD_SYNTAX } from './bad-syntax.ts'
import { BAD_TLS } from './bad-tls.ts'
import { BAD_TRACING } from './bad-tracing.ts'
import { BAD_UPSTREAMS } from './bad-upstreams.ts'
import { errorLines } from './load-errors.ts'

suite('a configuration is refused, with its line, its path and what was expected', () => {
  const all = [
    ...BAD_SYNTAX,
    ...BAD_FORWARDING,
    ...BAD_SERVER,
    ...BAD_CLIENT_LIMITS,
    ...BAD_LIMITS,
    ...BAD_POLICIES,
    ...BAD_ACCESS,
    ...BAD_TLS,
    ...BAD_TRACING,
    ...BAD_UPSTREAMS,
    ...BAD_BALANCING,
    ...BAD_HEALTH,
    ...BAD_ROUTES,
    ...BAD_SPLITS,
    ...BAD_MODULES
  ]
  for (const bad of all) {
    test(bad.wrong, async (t) => {
      assert.deepEqual(await errorLines(t, bad), bad.errors)
    })
  }
})
