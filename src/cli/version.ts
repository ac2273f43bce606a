// The version of this build. One constant; a test compares it with package.json.

export const version = '0.1.0';
