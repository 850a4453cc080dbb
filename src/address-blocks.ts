import { BlockList, isIP } from 'node:net'

/** A set of addresses and CIDR blocks. */
export interface AddressBlocks {
  /** Whether an address is in one of them; an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is its IPv4 address. */
  readonly has: (address: string | undefined) => boolean
}

/** Whether a text is an address or a CIDR block: `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isAddressBlock(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

/** @param blocks - Each valid as {@link isAddressBlock} says. */
export function addressBlocks(blocks: readonly string[]): AddressBlocks {
  if (blocks.length === 0) return { has: () => false }
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', prefix] = block.split('/')
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return {
    has: (address) => {
      const plain = plainAddress(address)
      const version = isIP(plain)
      return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
    }
  }
}

/** An IPv4 client of a dual-stack listener is shown as `::ffff:10.0.0.1`: the prefix says nothing to anybody. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
