// What `npm start` runs: the gateway as it is built, in this very process. `exec` in package.json is for signals: npm passes them to its
// shell, which would end by them and leave Node behind.
// No TypeScript: an older Node gets as far as the command's own message.
import { existsSync } from 'node:fs'

const command = new URL('../dist/src/cli.js', import.meta.url)
if (!existsSync(command)) {
  process.stderr.write(
    'xecureapi is not built: "npm ci && npm run build" makes dist/, which is all that it needs\n'
  )
  process.exit(1)
}
process.env.NODE_ENV ??= 'production'
process.argv.splice(2, 0, 'start')
await import(command.href)
