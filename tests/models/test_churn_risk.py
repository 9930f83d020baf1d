def test_compiles(project):
    project.profile("default_b2b")
