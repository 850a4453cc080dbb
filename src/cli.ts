#!/usr/bin/env node
// Nothing but this check may be loaded by an older Node, which could not even parse the rest.
const NEEDED = 24
const [major = 0] = process.versions.node.split('.').map(Number)
if (major < NEEDED) {
  process.stderr.write(`xecureapi needs Node ${NEEDED} or newer; this is Node ${process.versions.node}\n`)
  process.exit(1)
}
const { main } = await import('./commands/main.ts')
await main(process.argv.slice(2))
