import { loadCheckedConfig } from '../tls/checked-config.ts'
import type { Command } from './main.ts'

/** Says that the configuration is valid; otherwise every error is printed and the exit code is 1. */
export const validate: Command = async ({ config: file }) => {
  const { routes, upstreams } = await loadCheckedConfig(file)
  const backends = upstreams.reduce((sum, group) => sum + group.backends.length, 0)
  const counts = [
    counted(routes.length, 'route'),
    counted(upstreams.length, 'upstream group'),
    counted(backends, 'backend')
  ]
  process.stdout.write(`${file} is valid: ${counts.join(', ')}\n`)
  return 0
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
