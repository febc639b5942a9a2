import { InvalidDocument } from '../placement/invalid-document.ts'
import { ApiError, type FieldError } from './problems.ts'

/** Checks a document; what is wrong becomes an ApiError `invalid-document` with every problem. */
export function mustBeValid<Document>(check: (value: unknown) => Document, value: unknown): Document {
  try {
    return check(value)
  } catch (error) {
    if (!(error instanceof InvalidDocument)) throw error
    throw new ApiError('invalid-document', 'the document has problems; every one is listed', {
      errors: fieldErrorsOf(error),
      cause: error,
    })
  }
}

/** The problems of a document as field errors. */
export function fieldErrorsOf(error: InvalidDocument): FieldError[] {
  return error.problems.map(problem => ({ field: problem.path, message: problem.message }))
}
