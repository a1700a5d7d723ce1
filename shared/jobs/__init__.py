"""The jobs domain: kinds and their rules, how a message leaves a process, and the families of jobs that belong together."""
