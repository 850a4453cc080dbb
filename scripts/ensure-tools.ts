import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Programs that tests run beside the gateway: what is looked for, and the Debian package that brings it. */
const TOOLS = [
  { command: 'curl', package: 'curl' },
  { command: 'openssl', package: 'openssl' },
  // Brings h2load along.
  { command: 'nghttp', package: 'nghttp2-client' },
  { command: 'wrk', package: 'wrk' },
  { command: 'hey', package: 'hey' },
  { command: 'ab', package: 'apache2-utils' },
  { command: 'redis-server', package: 'redis-server' },
  // Brings promtool along.
  { command: 'prometheus', package: 'prometheus' },
  { command: 'chromium', package: 'chromium' },
  // They look at their own configuration where a document shows it.
  { command: 'nginx', package: 'nginx' },
  { command: 'haproxy', package: 'haproxy' }
] as const

const missing = TOOLS.filter(({ command }) => spawnSync('sh', ['-c', `command -v ${command}`]).status !== 0)

if (missing.length > 0) {
  const packages = missing.map((tool) => tool.package)
  const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
  if (!canInstall) {
    process.stderr.write(
      `the tests need ${packages.join(', ')}: install with "apt-get install ${packages.join(' ')}"\n`
    )
    process.exit(1)
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const { status } = spawnSync('apt-get', args, { stdio: 'inherit', env })
    if (status !== 0) process.exit(status ?? 1)
  }
  // Debian starts them as services: Prometheus on the port that is the gateway's for its admin API, nginx on 80.
  const services = ['prometheus', 'nginx', 'haproxy'].filter((name) =>
    missing.some(({ command }) => command === name)
  )
  if (services.length > 0 && existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['disable', '--now', ...services], { stdio: 'inherit' })
  }
}
