import { ConfigError, type ConfigIssue } from '../config/issue.ts'
import { loadConfig } from '../config/load.ts'
import type { GatewayConfig } from '../config/types.ts'
import type { CertificateStore, StagedCertificates } from './certificate-store.ts'
import { checkCertificates } from './check-certificates.ts'
import { readUpstreamTls } from './upstream-tls.ts'

/** Loads a configuration whose certificates can serve. @throws {ConfigError} With every error at once. */
export async function loadCheckedConfig(file: string): Promise<GatewayConfig> {
  return await loadConfig(file, { checkCertificates, readUpstreamTls })
}

/** Everything that is wrong with a configuration and its certificates. */
export async function configIssues(file: string): Promise<readonly ConfigIssue[]> {
  try {
    await loadCheckedConfig(file)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.issues
    throw error
  }
}

/**
 * Loads the next configuration of a running gateway: certificates that serve by now go on with what they have.
 *
 * @throws {ConfigError} With every error at once.
 */
export async function loadStaged(
  file: string,
  store: CertificateStore
): Promise<{ config: GatewayConfig; certificates: StagedCertificates }> {
  let certificates: StagedCertificates = { findings: [], entries: [] }
  const config = await loadConfig(file, {
    readUpstreamTls,
    checkCertificates: async (named) => {
      certificates = await store.stage(named)
      return certificates.findings
    }
  })
  return { config, certificates }
}
