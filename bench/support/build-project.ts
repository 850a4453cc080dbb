import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The file of the command line that {@link buildProject} makes. */
export const BUILT_CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url))

/** Compiles the sources into `dist/`. @throws Error when that fails. */
export function buildProject(): void {
  const project = fileURLToPath(new URL('../..', import.meta.url))
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: project, stdio: 'inherit' })
  if (status !== 0) throw new Error('the build failed; --no-build measures dist/ as it is')
}
