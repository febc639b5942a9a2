import type { ApiOptions } from '../context.ts'
import { ApiError } from '../problems.ts'
import type { ExplanationResource } from '../schemas/explanation.ts'

export async function explainObject(_id: string, _options: ApiOptions): Promise<ExplanationResource> {
  throw new ApiError('not-available', 'explanations are not there yet')
}
