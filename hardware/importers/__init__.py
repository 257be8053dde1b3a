"""Logs of others, read into ours: BAM's JSON (bam), puppersim's archives (puppersim)."""
