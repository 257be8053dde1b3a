"""A bundle's files, and how files are written so that nothing is ever half there.

    reading   bundle_files, manifest, weights_file, strict_json; soundness (what is refused)
    writing   whole_folder, whole_file; claim (a folder of results, all of one kind)

Only numpy and safetensors: a robot's computer reads bundles too.
"""
