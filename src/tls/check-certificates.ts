import type { Finding } from '../config/issue.ts'
import type { CertificateConfig } from '../config/types.ts'
import { CertificateError, readCertificate } from './certificate.ts'

/**
 * Finds which certificates can't serve, for the configuration's own list of errors.
 *
 * @param now - Milliseconds since the epoch.
 */
export async function checkCertificates(
  certificates: readonly CertificateConfig[],
  now: number = Date.now()
): Promise<Finding[]> {
  const findings = certificates.map(async (config, index) => {
    try {
      await readCertificate(config, index, now)
      return []
    } catch (error) {
      if (error instanceof CertificateError) return [error.finding]
      throw error
    }
  })
  return (await Promise.all(findings)).flat()
}
