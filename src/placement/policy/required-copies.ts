import type { PolicyDocument } from '../../domain/policy.ts'

/** How many copies a policy asks for, and in how many regions. */
export function requiredCopies({ policy }: { readonly policy: PolicyDocument }): {
  copies: number
  regions: number
} {
  const copies = policy.copies ?? 1
  const wanted = policy.distinctRegions ?? 1
  return { copies, regions: Math.min(copies, wanted === true ? copies : wanted === false ? 1 : wanted) }
}
