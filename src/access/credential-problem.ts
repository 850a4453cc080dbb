import type { AccessConfig } from '../config/types.ts'
import { ProblemError } from '../problem.ts'

/** Seconds after which keys that could not be had may be there. */
const RETRY_AFTER = '5'

/** The challenges of a route (RFC 9110 section 11.6.1); API keys have no scheme of their own in the registry. */
export function challengeOf({ apiKeys, jwt }: AccessConfig): string {
  const challenges = [...(jwt === undefined ? [] : ['Bearer']), ...(apiKeys === undefined ? [] : ['ApiKey'])]
  return challenges.join(', ')
}

/** What a client may know of why it is refused; whatever else is wrong, the token is not valid. */
const DETAILS: Readonly<Record<string, string>> = {
  credentials_missing: 'It is not known who calls: credentials are missing.',
  credentials_ambiguous: 'A request has one Authorization.',
  api_key_invalid: 'The API key is not valid.',
  token_expired: 'The token has expired.',
  token_not_yet_valid: 'The token is not valid yet.'
}

/**
 * The answer to credentials that are missing or wrong (401 with a challenge, RFC 6750 section 3), or that can't be checked
 * now (503).
 *
 * @param reason - Machine-readable, for logs and metrics.
 */
export function credentialProblem(reason: string, challenge: string): ProblemError {
  if (reason === 'keys_unavailable') {
    const detail = 'Tokens can not be checked right now.'
    return new ProblemError(503, reason, detail, { 'retry-after': RETRY_AFTER })
  }
  const detail = DETAILS[reason] ?? 'The token is not valid.'
  const isWrongToken = reason !== 'credentials_missing' && reason !== 'api_key_invalid'
  const told = isWrongToken ? challenge.replace('Bearer', 'Bearer error="invalid_token"') : challenge
  return new ProblemError(401, reason, detail, { 'www-authenticate': told })
}
