import { loadCheckedConfig } from '../tls/checked-config.ts'
import type { Command } from './main.ts'

/** Says that the configuration is valid; otherwise every error is printed and the exit code is 1. */
export const validate: Command = async ({ config: file }) => {
  const { routes, upstreams } = await loadCheckedConfig(file)
  const backends = upstreams.reduce((sum, group) => sum + group.backends.length, 0)
  process.stdout.write(
    `${file} is valid: ${routes.length} routes, ${upstreams.length} upstream groups, ${backends} backends\n`
  )
  return 0
}
