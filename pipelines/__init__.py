"""When and where: environments, definitions, jobs, schedules, the drop folder, the platform's verbs."""
